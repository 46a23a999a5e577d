#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace butler::cli {

/// How many doors the probe has to find open where there is no sandbox, or its "held" would mean nothing.
inline constexpr int control_minimum = 20;

/// One line of butler-sandbox-probe.
struct ProbeRecord {
  std::string id;
  std::string group;
  std::string result;      ///< held, open, skipped; of what has to work: works, broken, skipped
  std::string open_means;  ///< what somebody who finds it open can do
  std::string detail;
};

/// What the probe said in one tier of the sandbox.
struct ProbeReport {
  std::string tier;  ///< "none" is the positive control
  int exit_code = 0;
  std::vector<ProbeRecord> records;
  std::vector<std::string> messages;  ///< lines that are no records: what the sandbox itself has said
  bool complete = false;              ///< the probe came to its end

  /// The tier cannot be had here; the messages say why.
  bool refused() const;
  int count(std::string_view result) const;
};

/// Reads what `butler-sandbox-probe attempts --json` printed, in whichever tier. Pure.
ProbeReport read_probe_output(std::string tier, int exit_code, std::string_view output);

/// Whether this tier held everything and lets an agent work.
bool passed(const ProbeReport& report);

/// The exit status of `butler sandbox test`: exit_ok when every tier that can be had here has passed and the
/// control found enough; exit_config when none can be had, or when `named` (one tier was asked for) cannot.
int sandbox_test_exit(const ProbeReport& control, const std::vector<ProbeReport>& tiers, bool named);

/// The report for people: per tier a line per group, what is open with what would mend it, and a verdict.
std::string render_sandbox_report(const ProbeReport& control, const std::vector<ProbeReport>& tiers);

/// The same for programs.
json::Object sandbox_report_json(const ProbeReport& control, const std::vector<ProbeReport>& tiers);

}  // namespace butler::cli
