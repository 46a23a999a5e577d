#include "metrics/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace butler::metrics {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A name of the exposition format, less the colon: that one is for recording rules.
bool is_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

void check_names(const Description& description) {
  bool right = is_name(description.name);
  for (const auto& label : description.labels) {
    right = right && is_name(label) && !label.starts_with("__") && label != "le";
  }
  if (!right) throw std::logic_error("metric " + description.name + ": a name or a label is none");
}

}  // namespace

void AnyFamily::check(const LabelValues& values) const {
  if (values.size() == description_.labels.size()) return;
  throw std::logic_error("metric " + description_.name + ": not as many label values as labels");
}

template <class Metric>
Family<Metric>& Registry::add(Description description, Metric prototype) {
  check_names(description);
  for (const auto& family : families_) {
    if (family->description().name == description.name) {
      throw std::logic_error("metric " + description.name + " is there already");
    }
  }
  auto family = std::make_unique<Family<Metric>>(std::move(description), std::move(prototype));
  auto& added = *family;
  families_.push_back(std::move(family));
  return added;
}

Family<Counter>& Registry::counters(Description description) {
  return add(std::move(description), Counter{});
}

Family<Gauge>& Registry::gauges(Description description) { return add(std::move(description), Gauge{}); }

Family<Histogram>& Registry::histograms(Description description, std::vector<double> bounds) {
  return add(std::move(description), Histogram{std::move(bounds)});
}

std::string Registry::text() const {
  for (const auto& refresh : refreshers_) refresh();
  std::string text;
  for (const auto& family : families_) family->write(text);
  return text;
}

}  // namespace butler::metrics
