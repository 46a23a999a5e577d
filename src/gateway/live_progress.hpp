#pragma once

#include <cstdint>
#include <string>

#include "api/job_activity.hpp"
#include "api/types.hpp"

namespace butler::gateway {

/// What the events of a running job have told so far. Pure.
class LiveProgress {
 public:
  /// In the order in which they happened.
  void add(const api::Event& event);

  api::Activity activity() const { return activity_.now(); }
  /// Of the job so far.
  std::int64_t tokens() const { return tokens_; }
  double cost_usd() const { return cost_usd_; }
  /// What the agent has written since it last did something else: what its answer will be, unless it goes on.
  /// Of a very long one the end.
  const std::string& text() const { return text_; }

 private:
  api::JobActivity activity_;
  std::int64_t tokens_ = 0;
  double cost_usd_ = 0;
  std::string text_;
  bool text_ended_ = false;  ///< a tool was used since: the next text begins anew
};

}  // namespace butler::gateway
