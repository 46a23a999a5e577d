#pragma once

#include <iosfwd>

#include "doctor/doctor.hpp"
#include "terminal/style.hpp"

/// What people and programs see of a doctor's work.
namespace butler::doctor {

/// Shows findings as they come, then what it all means.
class Printer {
 public:
  /// The stream outlives it.
  Printer(std::ostream& out, terminal::Palette palette) : out_(out), palette_(palette) {}

  void show(const Finding& finding);
  void finish(const Report& report, const Options& options);

 private:
  std::ostream& out_;
  terminal::Palette palette_;
};

/// The table of checks, for people and for programs.
void print_checks(std::ostream& out);
json::Array checks_to_json();

}  // namespace butler::doctor
