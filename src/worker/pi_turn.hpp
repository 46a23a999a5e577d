#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "worker/agent.hpp"
#include "worker/pi_protocol.hpp"

namespace butler::worker::pi {

/// One prompt's run, from pi's answer to the prompt until it has settled: what of it is reported, and how it
/// ends. The answer comes from this run's messages only. Pure: records in, events and an outcome out.
class Turn {
 public:
  using Clock = std::chrono::steady_clock;
  using Events = std::vector<api::ReportedEvent>;

  /// Output of a running tool is reported at most this often, so that a chatty tool does not use up the job's
  /// events.
  static constexpr std::chrono::milliseconds update_interval{1'000};

  /// So many tool calls no prompt needs; what makes more is out of its mind.
  static constexpr std::size_t most_tools = 10'000;

  /// `prompt_id` is the id that the prompt command was sent with.
  explicit Turn(std::string prompt_id) : prompt_id_(std::move(prompt_id)) {}

  /// Takes the next record and returns what to report. Records after the end, or of another prompt, do
  /// nothing.
  Events take(const Record& record, Clock::time_point now);

  /// Makes sure that the call is reported: the gate's question may be the first that is heard of it.
  Events announce(const GateQuestion& question);

  /// An abort was asked for: an end by it is no failure.
  void expect_abort() { abort_expected_ = true; }

  /// pi works on the prompt: it may be steered and aborted.
  bool started() const { return started_ && !outcome_; }
  /// pi has worked on the prompt, or still does.
  bool has_run() const { return started_; }
  /// The turn was ended because pi has said more than anybody can use: its process had better go.
  bool out_of_bounds() const { return out_of_bounds_; }
  bool tool_running() const;
  const std::optional<Outcome>& outcome() const { return outcome_; }

 private:
  struct Tool {
    std::string name;
    std::string reported_output;
    std::optional<Clock::time_point> reported_at;
    bool ended = false;
  };

  void on(const Response& response);
  void on(const AgentSettled& settled);
  Events on(const TextDelta& delta);
  Events on(const ThinkingDelta& delta);
  Events on(const AssistantMessage& message);
  Events on(const ToolStart& start);
  Events on(const ToolUpdate& update, Clock::time_point now);
  Events on(const ToolEnd& end);
  Events on(const RetryStart& retry);
  Outcome judge(bool settled_as_aborted) const;
  void end(Outcome outcome);

  std::string prompt_id_;
  bool started_ = false;
  bool turn_seen_ = false;
  bool abort_expected_ = false;
  std::map<std::string, Tool> tools_;
  std::optional<AssistantMessage> last_;
  std::string last_text_;  ///< of the last message that had any
  std::size_t streamed_ = 0;
  std::size_t thought_ = 0;  ///< code points, as `streamed_`
  bool out_of_bounds_ = false;
  bool separate_ = false;  ///< the next delta begins another message
  std::optional<domain::Usage> usage_;
  std::optional<Outcome> outcome_;
};

}  // namespace butler::worker::pi
