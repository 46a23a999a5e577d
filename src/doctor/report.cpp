#include "doctor/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <string>

namespace butler::doctor {

namespace {

constexpr std::size_t name_width = 14;

std::string padded_name(std::string_view name) {
  std::string text{name};
  text.resize(std::max(text.size(), name_width), ' ');
  return text;
}

std::string mark_of(Status status) {
  switch (status) {
    case Status::ok: return "ok     ";
    case Status::warning: return "warning";
    case Status::broken: return "broken ";
    case Status::skipped: return "skipped";
  }
  return "?";
}

std::string verdict_of(const Report& report, const Options& options) {
  const auto count = [&](Status status) {
    return std::ranges::count(report.findings, status, &Finding::status);
  };
  const auto broken = count(Status::broken);
  const auto warnings = count(Status::warning);
  if (broken == 0 && warnings == 0) return "All is well.\n";
  std::string text = std::to_string(broken) + " broken, " + std::to_string(warnings) + " warnings.";
  const bool fixable = std::ranges::any_of(report.findings, [](const Finding& finding) {
    return finding.fix && finding.fix_when == FixWhen::always;
  });
  if (fixable && !options.fix) text += " Mend what is safe to mend: butler doctor --fix";
  return text + "\n";
}

}  // namespace

void Printer::show(const Finding& finding) {
  out_ << mark_of(finding.status) << "  " << padded_name(finding.name) << finding.what_is << '\n';
  const std::string indent(mark_of(finding.status).size() + 2 + name_width, ' ');
  if (!finding.what_should_be.empty()) out_ << indent << "should: " << finding.what_should_be << '\n';
  if (!finding.mend.empty()) out_ << indent << "mend:   " << finding.mend << '\n';
  out_.flush();
}

void Printer::finish(const Report& report, const Options& options) {
  for (const auto& sentence : report.fixed) out_ << "mended:     " << sentence << '\n';
  for (const auto& sentence : report.not_fixed) out_ << "not mended: " << sentence << '\n';
  out_ << verdict_of(report, options);
}

void print_checks(std::ostream& out) {
  for (const auto& check : list_checks()) {
    out << padded_name(check.name) << check.meaning << (check.needs_network ? " (needs the network)" : "")
        << '\n';
  }
}

json::Array checks_to_json() {
  json::Array checks;
  for (const auto& check : list_checks()) {
    checks.push_back(json::Object{
        {"name", check.name}, {"meaning", check.meaning}, {"needsNetwork", check.needs_network}});
  }
  return checks;
}

}  // namespace butler::doctor
