#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.hpp"

namespace butler::metrics {

/// What a family is called and means.
struct Description {
  std::string name;                      ///< with its unit: butler_jobs_total, butler_commit_seconds
  std::string help;                      ///< one sentence
  std::vector<std::string> labels = {};  ///< their names
};

/// The values of a family's labels, in the order of their names.
using LabelValues = std::vector<std::string>;

class AnyFamily {
 public:
  explicit AnyFamily(Description description) : description_(std::move(description)) {}
  virtual ~AnyFamily() = default;
  AnyFamily(const AnyFamily&) = delete;
  AnyFamily& operator=(const AnyFamily&) = delete;

  const Description& description() const { return description_; }
  virtual void write(std::string& text) const = 0;

 protected:
  /// Throws std::logic_error when there are more or fewer than label names.
  void check(const LabelValues& values) const;

 private:
  Description description_;
};

/// The metrics of one name, one for each combination of label values that was asked for. Values must come
/// from a small set: every combination is kept, and written at every scrape.
template <class Metric>
class Family final : public AnyFamily {
 public:
  Family(Description description, Metric prototype)
      : AnyFamily(std::move(description)), prototype_(std::move(prototype)) {}

  /// The metric of these label values, made on first use; it stays where it is.
  Metric& with(const LabelValues& values) {
    const auto found = metrics_.find(values);
    if (found != metrics_.end()) return found->second;
    check(values);
    return metrics_.emplace(values, prototype_).first->second;
  }

  void write(std::string& text) const override;

 private:
  Metric prototype_;
  std::map<LabelValues, Metric> metrics_;
};

/// The families of one process, and their text.
class Registry {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// Adds a family, which lives as long as the registry. Throws std::logic_error for a name that is taken or
  /// none.
  Family<Counter>& counters(Description description);
  Family<Gauge>& gauges(Description description);
  Family<Histogram>& histograms(Description description, std::vector<double> bounds);

  /// As above, for a family without labels: its one metric.
  Counter& counter(Description description) { return counters(std::move(description)).with({}); }
  Gauge& gauge(Description description) { return gauges(std::move(description)).with({}); }
  Histogram& histogram(Description description, std::vector<double> bounds) {
    return histograms(std::move(description), std::move(bounds)).with({});
  }

  /// `refresh` is called before each text(): for gauges that somebody else knows the value of.
  void before_text(std::function<void()> refresh) { refreshers_.push_back(std::move(refresh)); }

  /// All metrics in Prometheus's text format 0.0.4, families in the order they were added.
  std::string text() const;

 private:
  template <class Metric>
  Family<Metric>& add(Description description, Metric prototype);

  std::vector<std::unique_ptr<AnyFamily>> families_;
  std::vector<std::function<void()>> refreshers_;
};

}  // namespace butler::metrics
