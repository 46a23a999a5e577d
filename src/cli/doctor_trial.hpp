#pragma once

#include <string>

namespace butler::cli {

/// The doctor's helper, `butler doctor-trial turn|tier|provider` (doctor/trial.hpp). Gives up root for good.
/// exit_ok when there was something to print.
int run_doctor_trial(const std::string& what);

}  // namespace butler::cli
