#include "cli/sandbox_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "cli/exit_code.hpp"

namespace butler::cli {

namespace {

constexpr std::string_view needs_group = "needs";

struct Mend {
  std::string_view group;
  std::string_view advice;
};

// What to look at first. The profile itself is Butler's: a door that is open in it for no reason of the
// host's is a bug.
constexpr std::array mends{
    Mend{"files",
         "keep the workspace out of folders that hold other things (BUTLER_HOME), and look at what `butler "
         "sandbox "
         "explain` lists as visible"},
    Mend{"butler",
         "look at what `butler sandbox explain` lists as visible; until it is mended use WORKER_SANDBOX=vm"},
    Mend{"workspace",
         "use WORKER_SANDBOX=bwrap, and run no git, editor or direnv of yours in the agent's workspace"},
    Mend{"processes", "use WORKER_SANDBOX=bwrap, or run Butler as a user of its own"},
    Mend{"terminal", "run `sysctl dev.tty.legacy_tiocsti=0` as root"},
    Mend{
        "sockets",
        "stop the service, or put its socket where only its own users come; WORKER_SANDBOX=bwrap shows none"},
    Mend{"network", "use WORKER_SANDBOX=bwrap, which has a network of its own"},
    Mend{"families",
         "the filter of system calls is not in force: report it, and use WORKER_SANDBOX=vm until then"},
    Mend{"privileges", "never run the worker as root, nor with capabilities"},
    Mend{"namespaces",
         "the filter of system calls is not in force: report it, and use WORKER_SANDBOX=vm until then"},
    Mend{"kernel",
         "the filter of system calls is not in force: report it, and use WORKER_SANDBOX=vm until then"},
    Mend{"devices", "use WORKER_SANDBOX=bwrap, which shows only the devices that every program needs"},
    Mend{"limits", "set the WORKER_SANDBOX_ limits: `butler config list` names them"},
    Mend{"needs",
         "an agent could not work like this: `butler sandbox explain` says what is writable and reachable"},
};

std::string_view mend_of(std::string_view group) {
  const auto* const found = std::ranges::find(mends, group, &Mend::group);
  return found == mends.end() ? std::string_view{"report it"} : found->advice;
}

std::vector<std::string> groups_of(const ProbeReport& report) {
  std::vector<std::string> groups;
  for (const auto& record : report.records) {
    if (std::ranges::find(groups, record.group) == groups.end()) groups.push_back(record.group);
  }
  return groups;
}

bool is_bad(const ProbeRecord& record) { return record.result == "open" || record.result == "broken"; }

std::string render_group(const ProbeReport& report, const std::string& group) {
  int good = 0;
  int bad = 0;
  int skipped = 0;
  for (const auto& record : report.records) {
    if (record.group != group) continue;
    bad += is_bad(record);
    skipped += record.result == "skipped";
    good += record.result == "held" || record.result == "works";
  }
  const bool needs = group == needs_group;
  std::string line = fmt::format("  {:<11} {:>3} {}", group, good, needs ? "work" : "held");
  if (bad > 0) line += fmt::format(", {} {}", bad, needs ? "BROKEN" : "OPEN");
  if (skipped > 0) line += fmt::format(", {} skipped", skipped);
  return line + '\n';
}

std::string render_bad(const ProbeReport& report) {
  std::string text;
  for (const auto& group : groups_of(report)) {
    bool any = false;
    for (const auto& record : report.records) {
      if (record.group != group || !is_bad(record)) continue;
      any = true;
      text +=
          fmt::format("  {}: {}/{}: {} ({})\n", record.result, record.group, record.id,
                      (record.result == "open" ? "the agent can " : "the agent cannot ") + record.open_means,
                      record.detail);
    }
    if (any) text += fmt::format("    to mend it: {}\n", mend_of(group));
  }
  return text;
}

/// What the tier says beforehand that it does not promise, each reason once.
std::string render_skipped(const ProbeReport& report) {
  std::string text;
  for (const auto& record : report.records) {
    if (record.result == "skipped")
      text += fmt::format("  skipped: {}/{}: {}\n", record.group, record.id, record.detail);
  }
  return text;
}

std::string render_messages(const ProbeReport& report) {
  std::string text;
  for (const auto& message : report.messages) text += "  " + message + '\n';
  return text;
}

std::string render_tier(const ProbeReport& report) {
  if (report.refused()) return fmt::format("{}: cannot be had here\n", report.tier) + render_messages(report);
  std::string text =
      fmt::format("{}: {} held, {} open\n", report.tier, report.count("held"), report.count("open"));
  if (!report.complete) {
    text += fmt::format("  the probe did not come to its end (exit status {})\n", report.exit_code) +
            render_messages(report);
  }
  for (const auto& group : groups_of(report)) text += render_group(report, group);
  return text + render_bad(report) + render_skipped(report);
}

std::string render_control(const ProbeReport& control) {
  const int open = control.count("open");
  std::string text = fmt::format("control, without a sandbox: {} open", open);
  if (open > control_minimum) return text + ": the probe sees what there is to see\n";
  return text +
         fmt::format(", and more than {} are expected: the probe sees too little here to be believed\n",
                     control_minimum) +
         render_messages(control);
}

json::Object to_json(const ProbeReport& report) {
  json::Array records;
  for (const auto& record : report.records) {
    records.push_back(json::Object{{"id", record.id},
                                   {"group", record.group},
                                   {"result", record.result},
                                   {"openMeans", record.open_means},
                                   {"detail", record.detail}});
  }
  json::Array messages(report.messages.begin(), report.messages.end());
  return {{"tier", report.tier},
          {"refused", report.refused()},
          {"complete", report.complete},
          {"passed", passed(report)},
          {"held", report.count("held")},
          {"open", report.count("open")},
          {"skipped", report.count("skipped")},
          {"broken", report.count("broken")},
          {"messages", std::move(messages)},
          {"attempts", std::move(records)}};
}

}  // namespace

bool ProbeReport::refused() const { return exit_code == exit_config && records.empty(); }

int ProbeReport::count(std::string_view result) const {
  return static_cast<int>(std::ranges::count(records, result, &ProbeRecord::result));
}

ProbeReport read_probe_output(std::string tier, int exit_code, std::string_view output) {
  ProbeReport report{.tier = std::move(tier), .exit_code = exit_code, .records = {}, .messages = {}};
  while (!output.empty()) {
    const auto end = std::min(output.find('\n'), output.size());
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    if (line.empty()) continue;
    const auto value = json::parse(line);
    if (value && json::find(*value, "id") != nullptr) {
      const auto text = [&](const char* member) { return std::string{json::find_string(*value, member)}; };
      report.records.push_back({.id = text("id"),
                                .group = text("group"),
                                .result = text("result"),
                                .open_means = text("open_means"),
                                .detail = text("detail")});
    } else if (value && json::find(*value, "held") != nullptr) {
      report.complete = true;
    } else {
      report.messages.emplace_back(line);
    }
  }
  return report;
}

bool passed(const ProbeReport& report) {
  return report.complete && report.count("open") == 0 && report.count("broken") == 0;
}

int sandbox_test_exit(const ProbeReport& control, const std::vector<ProbeReport>& tiers, bool named) {
  const auto refused = std::ranges::count_if(tiers, &ProbeReport::refused);
  if (refused == std::ssize(tiers) || (named && refused > 0)) return exit_config;
  const bool all =
      std::ranges::all_of(tiers, [](const auto& tier) { return tier.refused() || passed(tier); });
  return all && control.count("open") > control_minimum ? exit_ok : exit_failure;
}

std::string render_sandbox_report(const ProbeReport& control, const std::vector<ProbeReport>& tiers) {
  std::string text;
  for (const auto& tier : tiers) text += render_tier(tier);
  return text + render_control(control);
}

json::Object sandbox_report_json(const ProbeReport& control, const std::vector<ProbeReport>& tiers) {
  json::Array reports;
  for (const auto& tier : tiers) reports.push_back(to_json(tier));
  return {{"passed", sandbox_test_exit(control, tiers, false) == exit_ok},
          {"controlMinimum", control_minimum},
          {"control", to_json(control)},
          {"tiers", std::move(reports)}};
}

}  // namespace butler::cli
