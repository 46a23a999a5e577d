#pragma once

#include <chrono>

#include "gateway/language.hpp"
#include "gateway/live_plan.hpp"
#include "gateway/live_progress.hpp"

namespace butler::gateway {

/// What is known of a running job beside its events.
struct LiveSituation {
  bool deciding = false;            ///< a tool call of it waits for somebody's decision
  bool stopping = false;            ///< somebody has stopped it
  std::chrono::seconds running{0};  ///< for how long
};

/// What could be shown of a job now: one line that says what the agent does, for how long it has worked and
/// what that has taken so far; and where the answer is shown, the end of its text, of at most 3500 UTF-16
/// units, above that line. While the text grows, what was shown of it before does not change. Pure.
///
/// @param coarse  the seconds are rounded down to multiples of this
LiveContent live_content(wording::Language language, const LiveProgress& progress,
                         const LiveSituation& situation, const LiveView& view,
                         std::chrono::milliseconds coarse);

}  // namespace butler::gateway
