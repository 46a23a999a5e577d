#pragma once

#include <cstdint>
#include <vector>

/// Numbers about a running role, for Prometheus. One thread; nothing here waits, locks or does I/O.
namespace butler::metrics {

/// A count that only grows, from 0 at the start of the process.
class Counter {
 public:
  void add(double amount = 1) { value_ += amount; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

/// A number that goes up and down.
class Gauge {
 public:
  void set(double value) { value_ = value; }
  void add(double amount) { value_ += amount; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

/// Observations counted by size.
class Histogram {
 public:
  /// `bounds`: the largest value of each bucket, rising; a last bucket takes what is above.
  explicit Histogram(std::vector<double> bounds);

  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  /// One more than there are bounds; each counts its own bucket only.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  double sum() const { return sum_; }

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

}  // namespace butler::metrics
