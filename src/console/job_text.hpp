#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"
#include "console/job_search.hpp"
#include "terminal/style.hpp"

/// Jobs, calls and events as a terminal shows them. Whatever others wrote is made printable. Pure.
namespace butler::console {

/// One printable line of at most so many columns.
std::string short_line(std::string_view text, std::size_t columns);

/// The style in which a status is painted.
terminal::Style style_of(domain::JobStatus status);

/// A table of jobs, one a line. Those in `deciding` wait for a decision about a tool call.
std::string job_table(std::span<const domain::Job> jobs, const std::set<std::string>& deciding,
                      domain::Timestamp now, const terminal::Palette& palette, std::size_t columns);

/// Everything about one job, its text last. `activity` is what it does now, "" for nothing.
std::string job_in_full(const domain::Job& job, std::span<const WaitingCall> calls, std::string_view activity,
                        domain::Timestamp now);

/// Where somebody is asked: what is typed there differs.
enum class AskedIn : std::uint8_t { shell, chat };

/// The whole of a call that somebody is asked about, with what hides in it made visible, and how to decide.
std::string call_in_full(const api::Approval& approval, AskedIn where);

/// The commands that decide about a call: "butler job approve a1b2c3 [--scope session|always], or …".
std::string how_to_decide(const api::Approval& approval, AskedIn where);

/// What an event says, on one line; nullopt for those that only carry text or figures.
std::optional<std::string> event_words(const api::Event& event);

/// The events of a job as lines of a log: "20:01:13  bash: ls -la". What the agent writes comes line by line.
class EventLines {
 public:
  /// The lines that this event completes.
  std::vector<std::string> take(const api::Event& event);
  /// What is left when there are no more events.
  std::vector<std::string> finish();

 private:
  void end_text(std::vector<std::string>& lines);

  std::string open_text_;  ///< of the agent, without its line end yet
  domain::Timestamp open_since_{};
};

}  // namespace butler::console
