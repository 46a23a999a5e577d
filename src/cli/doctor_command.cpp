#include "cli/doctor_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/doctor_trial.hpp"
#include "cli/exit_code.hpp"
#include "config/load.hpp"
#include "doctor/doctor.hpp"
#include "doctor/report.hpp"
#include "doctor/trial.hpp"
#include "log/log.hpp"
#include "terminal/style.hpp"

namespace butler::cli {

namespace {

/// What the options write to; lives as long as the command.
struct DoctorOptions {
  doctor::Options run;
  bool list = false;
  bool json = false;
};

int list_doctor_checks(Format format) {
  if (format == Format::json) {
    std::cout << json::serialize(doctor::checks_to_json()) << '\n';
  } else {
    doctor::print_checks(std::cout);
  }
  return exit_ok;
}

int run_doctor(const DoctorOptions& options) {
  if (options.list) return list_doctor_checks(format_of(options.json));
  log::start("doctor", log::Level::error);
  const auto loaded = config::load(config::this_start());
  if (options.json) {
    const auto report = doctor::run(loaded, options.run);
    std::cout << json::serialize(doctor::to_json(report)) << '\n';
    return doctor::exit_status(report.findings);
  }
  doctor::Printer printer(std::cout, terminal::Palette::of(STDOUT_FILENO));
  const auto report = doctor::run(loaded, options.run, [&](const auto& finding) { printer.show(finding); });
  printer.finish(report, options.run);
  return doctor::exit_status(report.findings);
}

std::vector<std::string> check_names() {
  std::vector<std::string> names;
  for (const auto& check : doctor::list_checks()) names.emplace_back(check.name);
  return names;
}

}  // namespace

void add_doctor_command(CLI::App& app, Action& chosen) {
  const auto given = std::make_shared<DoctorOptions>();
  CLI::App* const command =
      add_command(app, "doctor",
                  "Prove that this installation works, and say how to mend what does not.\n"
                  "Exit status: 0 all well, 1 only warnings, 2 something is broken (or wrong usage).",
                  chosen, [given] { return run_doctor(*given); });
  command->add_flag("--fix", given->run.fix,
                    "Mend what can be mended without losing anything, say what was done, and look again.");
  command->add_flag("--offline", given->run.offline, "Leave out what needs the network.");
  command->add_option("--only", given->run.only, "Only these checks (see --list).")
      ->delimiter(',')
      ->check(CLI::IsMember(check_names()));
  command->add_flag("--list", given->list, "Name the checks.");
  command->add_flag("--json", given->json, "As JSON.");
  // The doctor's own helper; an empty group keeps it out of the help.
  const auto what = std::make_shared<std::string>();
  add_command(app, doctor::trial_command, "An agent on trial.", chosen,
              [what] { return run_doctor_trial(*what); })
      ->group("")
      ->add_option("what", *what, "")
      ->required()
      ->check(CLI::IsMember({"turn", "tier", "provider"}));
}

}  // namespace butler::cli
