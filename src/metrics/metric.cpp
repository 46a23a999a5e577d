#include "metrics/metric.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace butler::metrics {

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {
  if (!std::ranges::is_sorted(bounds_)) throw std::logic_error("the bounds of a histogram must rise");
}

void Histogram::observe(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  sum_ += value;
}

}  // namespace butler::metrics
