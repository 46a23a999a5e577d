#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "metrics/registry.hpp"

// The text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
namespace butler::metrics {

namespace {

/// Up to here every whole number has a double of its own.
constexpr double exact = 9007199254740992.0;

void append_number(std::string& text, double number) {
  if (std::isnan(number)) {
    text.append("NaN");
  } else if (std::isinf(number)) {
    text.append(number > 0 ? "+Inf" : "-Inf");
  } else if (std::trunc(number) == number && std::abs(number) < exact) {
    text.append(std::to_string(static_cast<long long>(number)));
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
  }
}

/// Quotes are escaped in label values, and are themselves in a HELP line.
void append_escaped(std::string& text, std::string_view value, bool quotes) {
  for (const char c : value) {
    if (c == '\n') {
      text.append("\\n");
    } else if (c == '\\' || (quotes && c == '"')) {
      text.append({'\\', c});
    } else {
      text.push_back(c);
    }
  }
}

void append_label(std::string& text, std::string_view name, std::string_view value) {
  if (text.back() != '{') text.push_back(',');
  text.append(name).append("=\"");
  append_escaped(text, value, true);
  text.push_back('"');
}

/// `suffix` distinguishes the lines of a histogram, `bound` its buckets.
void append_sample(std::string& text, const Description& description, const LabelValues& values,
                   std::string_view suffix, std::optional<double> bound, double number) {
  text.append(description.name).append(suffix);
  if (!values.empty() || bound) {
    text.push_back('{');
    for (std::size_t i = 0; i < values.size(); ++i) append_label(text, description.labels[i], values[i]);
    if (bound) {
      std::string limit;
      append_number(limit, *bound);
      append_label(text, "le", limit);
    }
    text.push_back('}');
  }
  text.push_back(' ');
  append_number(text, number);
  text.push_back('\n');
}

void append_metric(std::string& text, const Description& description, const LabelValues& values,
                   const Counter& counter) {
  append_sample(text, description, values, "", std::nullopt, counter.value());
}

void append_metric(std::string& text, const Description& description, const LabelValues& values,
                   const Gauge& gauge) {
  append_sample(text, description, values, "", std::nullopt, gauge.value());
}

void append_metric(std::string& text, const Description& description, const LabelValues& values,
                   const Histogram& histogram) {
  std::uint64_t count = 0;  // a bucket's line counts all that is not above its bound
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    count += histogram.counts()[i];
    const double bound =
        i < histogram.bounds().size() ? histogram.bounds()[i] : std::numeric_limits<double>::infinity();
    append_sample(text, description, values, "_bucket", bound, static_cast<double>(count));
  }
  append_sample(text, description, values, "_sum", std::nullopt, histogram.sum());
  append_sample(text, description, values, "_count", std::nullopt, static_cast<double>(count));
}

template <class Metric>
constexpr std::string_view type_name = "";
template <>
constexpr std::string_view type_name<Counter> = "counter";
template <>
constexpr std::string_view type_name<Gauge> = "gauge";
template <>
constexpr std::string_view type_name<Histogram> = "histogram";

}  // namespace

template <class Metric>
void Family<Metric>::write(std::string& text) const {
  text.append("# HELP ").append(description().name).append(" ");
  append_escaped(text, description().help, false);
  text.append("\n# TYPE ").append(description().name).append(" ").append(type_name<Metric>).append("\n");
  for (const auto& [values, metric] : metrics_) append_metric(text, description(), values, metric);
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

}  // namespace butler::metrics
