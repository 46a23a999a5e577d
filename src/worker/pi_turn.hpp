#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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

  /// `prompt_id` is the id that the prompt command was sent with. `call_prefix` begins the ids under which
  /// tool calls are reported: for a job whose earlier attempt may have used the model's ids already.
  explicit Turn(std::string prompt_id, std::string call_prefix = {})
      : prompt_id_(std::move(prompt_id)), call_prefix_(std::move(call_prefix)) {}

  /// Takes the next record and returns what to report. Records after the end, or of another prompt, do
  /// nothing.
  Events take(const Record& record, Clock::time_point now);

  /// Notes that the gate asks about a call, and returns the id that is reported for it: models repeat theirs.
  std::string ask(const CallQuestion& question);

  /// The call that the gate asked about starts now. A call that does not start is never reported.
  Events begin_call(const CallQuestion& question);

  /// An abort was asked for: an end by it is no failure.
  void expect_abort() { abort_expected_ = true; }

  /// pi works on the prompt: it may be steered and aborted.
  bool started() const { return started_ && !outcome_; }
  /// pi has worked on the prompt, or still does.
  bool has_run() const { return started_; }
  /// The turn was ended because pi has said more than anybody can use: its process had better go.
  bool out_of_bounds() const { return out_of_bounds_; }
  /// A tool has run without the gate's question: the process is not to be trusted.
  bool ungated() const { return ungated_; }
  bool tool_running() const;
  const std::optional<Outcome>& outcome() const { return outcome_; }

 private:
  struct Tool {
    enum class State : std::uint8_t { named, runs, ended };

    std::string name;
    std::string reported_id;
    State state = State::named;
    std::string reported_output = {};
    std::optional<Clock::time_point> reported_at = {};
  };

  void on(const Response& response);
  void on(const AgentSettled& settled);
  Events on(const TextDelta& delta);
  Events on(const ThinkingDelta& delta);
  Events on(const AssistantMessage& message);
  void on(const ToolStart& start);
  Events on(const ToolUpdate& update, Clock::time_point now);
  Events on(const ToolEnd& end);
  Events on(const RetryStart& retry);
  Outcome judge(bool settled_as_aborted) const;
  Tool* name_call(const std::string& id, const std::string& name);
  Events end_ungated();
  void end(Outcome outcome);

  std::string prompt_id_;
  std::string call_prefix_;
  bool started_ = false;
  bool turn_seen_ = false;
  bool abort_expected_ = false;
  std::map<std::string, Tool> tools_;  ///< by the model's id: the latest call that has it
  std::size_t calls_ = 0;
  std::optional<AssistantMessage> last_;
  std::string last_text_;  ///< of the last message that had any
  std::size_t streamed_ = 0;
  std::size_t thought_ = 0;  ///< code points, as `streamed_`
  bool out_of_bounds_ = false;
  bool ungated_ = false;
  bool separate_ = false;  ///< the next delta begins another message
  std::optional<domain::Usage> usage_;
  std::optional<Outcome> outcome_;
};

}  // namespace butler::worker::pi
