#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "doctor/finding.hpp"
#include "json/value.hpp"

/// `butler doctor`: proves that an installation works, and names what does not with the command that mends
/// it.
namespace butler::doctor {

/// A check as `butler doctor --list` shows it.
struct CheckDescription {
  std::string_view name;
  std::string_view meaning;
  bool needs_network = false;  ///< left out with --offline
};

/// Every check, in the order in which they are shown.
std::span<const CheckDescription> list_checks();

struct Options {
  bool offline = false;
  bool fix = false;
  std::vector<std::string> only = {};  ///< names of checks; none: every check
};

struct Report {
  Findings findings;                   ///< in the order of the checks; after the fixes
  std::vector<std::string> fixed;      ///< what --fix has done, a sentence each
  std::vector<std::string> not_fixed;  ///< what it tried and could not, a sentence each
};

/// Runs the checks, side by side where they wait; each has a deadline, and one that fails itself is a broken
/// finding. With `fix`, mends what is safe to mend and looks again. Changes nothing else. `on_finding` is
/// called with each finding of the first look, in order, as soon as it is known.
///
/// `loaded` is the configuration as config::load() gives it. Started by root, it looks at a shared home as
/// `butler up` makes it, and starts agents as the user butler. Its helpers are this program once more, and
/// read the configuration again, with this process's environment and working directory. Needs no event loop;
/// blocks until the end (some seconds; a minute when something is stuck).
Report run(const config::Loaded& loaded, const Options& options,
           const std::function<void(const Finding&)>& on_finding = {});

/// The exit status of `butler doctor`: 0 all well, 1 only warnings, 2 something is broken.
int exit_status(const Findings& findings);

/// `{ok, status, exitCode, findings: [{check, status, is, shouldBe, mend, fixable}], fixed, notFixed}`.
json::Object to_json(const Report& report);

}  // namespace butler::doctor
