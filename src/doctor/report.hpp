#pragma once

#include <iosfwd>

#include "doctor/doctor.hpp"

/// What people and programs see of a doctor's work.
namespace butler::doctor {

/// Shows findings as they come, then what it all means.
class Printer {
 public:
  /// The stream outlives it; coloured when it is standard output on a terminal.
  explicit Printer(std::ostream& out) : out_(out) {}

  void show(const Finding& finding);
  void finish(const Report& report, const Options& options);

 private:
  std::ostream& out_;
};

/// The table of checks, for people and for programs.
void print_checks(std::ostream& out);
json::Array checks_to_json();

}  // namespace butler::doctor
