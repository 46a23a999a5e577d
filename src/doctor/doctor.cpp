#include "doctor/doctor.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "doctor/checks.hpp"
#include "doctor/context.hpp"

namespace butler::doctor {

namespace asio = boost::asio;

namespace {

using SteadyClock = std::chrono::steady_clock;

/// One check under way.
struct RunningCheck {
  const Check* check = nullptr;
  Findings findings = {};
  bool done = false;
};

Findings stuck_findings(const Check& check) {
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(check.deadline).count();
  return {wrong("The check was not through after " + std::to_string(limit) + " s.", "It ends.",
                "butler doctor --only " + std::string{check.description.name})};
}

Findings failed_findings(const Check& check, std::string_view fault) {
  return {wrong("The check itself failed: " + std::string{fault}, "It runs to its end.",
                "butler doctor --only " + std::string{check.description.name})};
}

asio::awaitable<void> keep_findings(asio::awaitable<Findings> task, Findings& findings) {
  findings = co_await std::move(task);
}

/// Runs one check up to its deadline. Whatever it throws becomes a finding.
asio::awaitable<void> run_one(const Context& context, RunningCheck& running, async::Event& changed) {
  const Check& check = *running.check;
  std::optional<std::string> fault;
  async::TaskGroup task(context.executor, [&](std::string_view, std::string_view what) { fault = what; });
  const auto deadline = SteadyClock::now() + check.deadline;
  async::TaskGroup watch(context.executor);
  bool late = false;
  const auto cancel_late = [](async::TaskGroup& group, SteadyClock::time_point at,
                              bool& is_late) -> asio::awaitable<void> {
    co_await async::sleep_for(at - SteadyClock::now());
    is_late = true;
    group.cancel();
  };
  watch.spawn("deadline", cancel_late(task, deadline, late));
  task.spawn("check", keep_findings(check.run(context), running.findings));
  co_await task.join();
  watch.cancel();
  co_await watch.join();
  if (fault) {
    running.findings = failed_findings(check, *fault);
  } else if (running.findings.empty() && late) {
    running.findings = stuck_findings(check);
  }
  running.done = true;
  changed.notify_all();
}

/// Hands the findings on, in the order of the checks, each as soon as those before it are there.
asio::awaitable<void> tell_findings(std::vector<RunningCheck>& running, async::Event& changed,
                                    const std::vector<std::string>& secrets,
                                    const std::function<void(const Finding&)>& on_finding) {
  for (auto& check : running) {
    while (!check.done) co_await changed.wait();
    for (auto& finding : check.findings) {
      finding.name = check.check->description.name;
      for (auto* const text : {&finding.what_is, &finding.what_should_be, &finding.mend, &finding.remark})
        *text = hide_secrets(std::move(*text), secrets);
      if (on_finding) on_finding(finding);
    }
  }
}

Findings look(const config::Loaded& loaded, const std::vector<const Check*>& chosen, bool offline,
              const std::function<void(const Finding&)>& on_finding) {
  asio::io_context io{1};
  const Context context = make_context(io.get_executor(), loaded);
  const auto secrets = secret_values(context.loaded);
  std::vector<RunningCheck> running;
  running.reserve(chosen.size());
  for (const auto* const check : chosen) running.push_back({.check = check});
  async::Event changed(io.get_executor());
  async::TaskGroup tasks(io.get_executor());
  tasks.spawn("findings", tell_findings(running, changed, secrets, on_finding));
  for (auto& check : running) {
    if (offline && check.check->description.needs_network) {
      check.findings = {left_out("It needs the network, which --offline leaves alone.")};
      check.done = true;
      continue;
    }
    tasks.spawn(std::string{check.check->description.name}, run_one(context, check, changed));
  }
  // The timers of idle connections must not hold it up.
  while (tasks.size() > 0 && io.run_one() > 0) {
  }
  Findings findings;
  for (auto& check : running) std::ranges::move(check.findings, std::back_inserter(findings));
  return findings;
}

bool names(const std::vector<std::string>& only, std::string_view name) {
  return std::ranges::find(only, name) != only.end();
}

/// A check that was asked for by name is always reported, if only as skipped.
std::vector<const Check*> choose_checks(const Options& options) {
  std::vector<const Check*> chosen;
  for (const Check& check : checks()) {
    const bool named = names(options.only, check.description.name);
    if (!options.only.empty() && !named) continue;
    if (options.offline && check.description.needs_network && !named) continue;
    chosen.push_back(&check);
  }
  return chosen;
}

bool may_fix(const Finding& finding, const Options& options) {
  return finding.fix && (finding.fix_when == FixWhen::always || names(options.only, finding.name));
}

/// Mends what may be mended; gives the names of the checks that have to look again.
std::vector<std::string> mend(Report& report, const Options& options) {
  std::vector<std::string> again;
  for (const auto& finding : report.findings) {
    if (!may_fix(finding, options)) continue;
    std::expected<std::string, std::string> done;
    try {
      done = finding.fix();
    } catch (const std::exception& fault) {
      done = std::unexpected(std::string{fault.what()});
    }
    if (done) {
      report.fixed.push_back(finding.name + ": " + *done);
    } else {
      report.not_fixed.push_back(finding.name + ": " + done.error());
    }
    if (!names(again, finding.name)) again.push_back(finding.name);
  }
  return again;
}

/// What a second look has found stands in the place of what the first had.
void replace_findings(Findings& findings, const std::string& name, Findings found) {
  const auto first = std::ranges::find(findings, name, &Finding::name);
  const auto at = first - findings.begin();
  std::erase_if(findings, [&](const Finding& finding) { return finding.name == name; });
  findings.insert(findings.begin() + at, std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
}

}  // namespace

Report run(const config::Loaded& loaded, const Options& options,
           const std::function<void(const Finding&)>& on_finding) {
  const auto chosen = choose_checks(options);
  Report report{.findings = look(loaded, chosen, options.offline, on_finding), .fixed = {}, .not_fixed = {}};
  if (!options.fix) return report;
  for (const auto& name : mend(report, options)) {
    const auto check = std::ranges::find_if(
        chosen, [&](const Check* candidate) { return candidate->description.name == name; });
    replace_findings(report.findings, name, look(loaded, {*check}, options.offline, {}));
  }
  return report;
}

int exit_status(const Findings& findings) {
  constexpr int warnings_only = 1;
  constexpr int something_broken = 2;
  int status = 0;
  for (const auto& finding : findings) {
    if (finding.status == Status::broken) return something_broken;
    if (finding.status == Status::warning) status = warnings_only;
  }
  return status;
}

json::Object to_json(const Report& report) {
  const int code = exit_status(report.findings);
  json::Array findings;
  for (const auto& finding : report.findings) {
    json::Object object{
        {"check", finding.name}, {"status", status_name(finding.status)}, {"is", finding.what_is}};
    if (!finding.what_should_be.empty()) object["shouldBe"] = finding.what_should_be;
    if (!finding.mend.empty()) object["mend"] = finding.mend;
    if (!finding.remark.empty()) object["remark"] = finding.remark;
    object["fixable"] = static_cast<bool>(finding.fix);
    findings.push_back(std::move(object));
  }
  const auto sentences = [](const std::vector<std::string>& texts) {
    json::Array array;
    for (const auto& text : texts) array.emplace_back(text);
    return array;
  };
  return {{"ok", code == 0},
          {"exitCode", code},
          {"findings", std::move(findings)},
          {"fixed", sentences(report.fixed)},
          {"notFixed", sentences(report.not_fixed)}};
}

}  // namespace butler::doctor
