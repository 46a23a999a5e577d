#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "api/types.hpp"

namespace butler::worker {

/// The events of a job on their way to the orchestrator, in order. Text that waits grows together into fewer,
/// larger deltas within their limit; what is too large is cut. While `most_waiting` events wait (the
/// orchestrator is away, and keeps no more of a job either), news of the work's progress is left out:
/// thoughts, output of running tools, log lines, usage. Pure: no I/O, no clock.
class EventQueue {
 public:
  static constexpr std::size_t most_waiting = 5'000;

  /// What goes into one report.
  struct Batch {
    std::vector<api::ReportedEvent> events;
    std::uint64_t last_ticket =
        0;  ///< every event with a ticket up to this one is in this batch or an earlier one
  };

  /// Adds an event. Its ticket, last_ticket(), is above those of all events before it.
  void push(api::ReportedEvent event);

  /// Takes from the front what fits into one report: at most 256 events and 2 MiB. Not empty unless the queue
  /// is.
  Batch take();

  bool empty() const { return entries_.empty(); }
  std::uint64_t last_ticket() const { return tickets_; }

 private:
  struct Entry {
    api::ReportedEvent event;
    std::uint64_t ticket = 0;
    std::size_t code_points = 0;  ///< of a delta's text
  };

  void push_text(domain::EventType type, std::string_view text);

  std::deque<Entry> entries_;
  std::uint64_t tickets_ = 0;
};

}  // namespace butler::worker
