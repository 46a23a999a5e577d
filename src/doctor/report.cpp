#include "doctor/report.hpp"

#include <algorithm>
#include <ostream>
#include <string>

#include "terminal/display_width.hpp"

namespace butler::doctor {

using terminal::Style;

namespace {

constexpr std::size_t name_width = 15;
constexpr std::size_t mark_width = 9;

Style style_of(Status status) {
  switch (status) {
    case Status::ok: return Style::green;
    case Status::warning: return Style::yellow;
    case Status::broken: return Style::red;
    case Status::skipped: return Style::dim;
  }
  return Style::plain;
}

std::string verdict_of(const Report& report, const Options& options) {
  const auto count = [&](Status status) {
    return std::ranges::count(report.findings, status, &Finding::status);
  };
  const auto broken = count(Status::broken);
  const auto warnings = count(Status::warning);
  if (broken == 0 && warnings == 0) return count(Status::ok) == 0 ? "Nothing was checked." : "All is well.";
  std::string text = std::to_string(broken) + " broken, " + std::to_string(warnings) +
                     (warnings == 1 ? " warning." : " warnings.");
  const bool fixable = std::ranges::any_of(report.findings, [](const Finding& finding) {
    return finding.fix && finding.fix_when == FixWhen::always;
  });
  if (fixable && !options.fix) text += " What is safe to mend is mended by: butler doctor --fix";
  return text;
}

}  // namespace

void Printer::show(const Finding& finding) {
  const auto mark = terminal::pad_to_width(status_name(finding.status), mark_width);
  out_ << palette_.paint(mark, style_of(finding.status)) << terminal::pad_to_width(finding.name, name_width)
       << terminal::printable_line(finding.what_is) << '\n';
  const std::string indent(mark_width + name_width, ' ');
  if (!finding.what_should_be.empty())
    out_ << indent << "should: " << terminal::printable_line(finding.what_should_be) << '\n';
  if (!finding.mend.empty()) {
    out_ << indent << "mend:   " << palette_.paint(terminal::printable_line(finding.mend), Style::bold)
         << '\n';
  }
  if (!finding.remark.empty())
    out_ << indent << "note:   " << terminal::printable_line(finding.remark) << '\n';
  out_.flush();
}

void Printer::finish(const Report& report, const Options& options) {
  for (const auto& sentence : report.fixed)
    out_ << palette_.paint("mended:     ", Style::green) << terminal::printable_line(sentence) << '\n';
  for (const auto& sentence : report.not_fixed)
    out_ << palette_.paint("not mended: ", Style::red) << terminal::printable_line(sentence) << '\n';
  out_ << verdict_of(report, options) << '\n';
}

void print_checks(std::ostream& out) {
  for (const auto& check : list_checks()) {
    out << terminal::pad_to_width(std::string{check.name}, name_width) << check.meaning
        << (check.needs_network ? " (needs the network)" : "") << '\n';
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
