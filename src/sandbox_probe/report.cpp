#include "sandbox_probe/report.hpp"

#include <array>
#include <cstdio>

#include "sandbox_probe/isolation.hpp"

namespace butler::sandbox_probe {

namespace {

struct Gap {
  std::string_view tier;
  std::string_view group;
  std::string_view id;  // "" for the whole group
  std::string_view reason;
};

constexpr std::string_view own_kernel = "in a virtual machine this reaches the guest's own kernel only";

constexpr std::array gaps{
    Gap{"vm", "kernel", "", own_kernel},
    Gap{"vm", "namespaces", "", own_kernel},
    Gap{"vm", "families", "", own_kernel},
    Gap{"vm", "privileges", "", own_kernel},
    Gap{"vm", "devices", "", own_kernel},
    Gap{"vm", "limits", "", own_kernel},
    Gap{"vm", "terminal", "", own_kernel},
    Gap{"vm", "workspace", "",
        "in a virtual machine the workspace is a disk of its own, which no program of the host's reads"},
};

struct Counts {
  int held = 0;
  int open = 0;
  int skipped = 0;
  int broken = 0;

  void add(Result result) {
    held += result == Result::held;
    open += result == Result::open;
    skipped += result == Result::skipped;
  }
};

std::string_view name_of(Result result) {
  switch (result) {
    case Result::held: return "held";
    case Result::open: return "open";
    case Result::skipped: return "skipped";
  }
  return "skipped";
}

std::string json_text(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f ? '?' : c;
  }
  return made + '"';
}

Finding with_known_gaps(Finding finding, const Targets& targets, const Group& group, const Attempt& attempt) {
  if (finding.result != Result::open) return finding;
  const std::string_view reason = known_gap(targets.text("tier"), group.name, attempt.id);
  return reason.empty() ? finding : skipped(finding.detail + "; " + std::string{reason});
}

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void print_summary(const Counts& counts, Format format) {
  std::printf(format == Format::json ? "{\"held\":%d,\"open\":%d,\"skipped\":%d,\"broken\":%d}\n"
                                     : "%d held, %d open, %d skipped, %d of what has to work is broken\n",
              counts.held, counts.open, counts.skipped, counts.broken);
}

}  // namespace

std::string_view known_gap(std::string_view tier, std::string_view group, std::string_view id) {
  for (const Gap& gap : gaps) {
    if (gap.tier == tier && gap.group == group && (gap.id.empty() || gap.id == id)) return gap.reason;
  }
  return {};
}

std::string describe(const Attempt& attempt, std::string_view group, std::string_view result,
                     const std::string& detail, Format format) {
  if (format == Format::json) {
    return "{\"id\":" + json_text(attempt.id) + ",\"group\":" + json_text(group) +
           ",\"result\":" + json_text(result) + ",\"open_means\":" + json_text(attempt.open_means) +
           ",\"detail\":" + json_text(detail) + "}";
  }
  std::string line{result};
  line.resize(8, ' ');
  return line + std::string{group} + "/" + attempt.id + ": " + detail;
}

int make_all(const Targets& targets, Format format) {
  Counts counts;
  for (const Group& group : all_groups()) {
    for (const Attempt& attempt : group.attempts) {
      const Finding finding = with_known_gaps(make_isolated(attempt, targets), targets, group, attempt);
      counts.add(finding.result);
      print(describe(attempt, group.name, name_of(finding.result), finding.detail, format));
    }
  }
  for (const Attempt& need : needs()) {
    const Finding finding = make_isolated(need, targets);
    const bool broken = finding.result == Result::held;
    counts.broken += broken;
    print(describe(need, "needs",
                   finding.result == Result::skipped ? "skipped"
                   : broken                          ? "broken"
                                                     : "works",
                   finding.detail, format));
  }
  print_summary(counts, format);
  return counts.open == 0 && counts.broken == 0 ? 0 : 1;
}

}  // namespace butler::sandbox_probe
