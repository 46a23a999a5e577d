#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/task_group.hpp"
#include "worker/agent.hpp"
#include "worker/pi_turn.hpp"
#include "worker/session_pool.hpp"

namespace butler::worker {

struct PiAgentOptions {
  std::chrono::milliseconds spawn_timeout{30'000};
  std::chrono::milliseconds silence_timeout{600'000};
  std::chrono::milliseconds job_timeout{3'600'000};
  std::chrono::milliseconds abort_patience{5'000};  ///< after the job's time is over
};

/// Lets the conversation's pi do a job: prompt, gate, deadlines, abort. Its model answers while it does.
class PiAgent final : public Agent {
 public:
  using Clock = std::chrono::steady_clock;

  /// The pool outlives the agent.
  PiAgent(boost::asio::any_io_executor executor, SessionPool& pool, Conversation conversation,
          PiAgentOptions options)
      : pool_(pool), conversation_(std::move(conversation)), options_(options), gates_(executor) {}

  boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) override;
  void abort(std::chrono::milliseconds patience) override;
  void message(api::MessageMode mode, std::string text) override;

 private:
  boost::asio::awaitable<std::expected<PiSession*, std::string>> take_session();
  boost::asio::awaitable<Outcome> use(PiSession& session, domain::Job job, AgentListener& listener);
  boost::asio::awaitable<std::optional<Outcome>> get_ready(PiSession& session);
  boost::asio::awaitable<Outcome> converse(AgentListener& listener);
  void begin_turn(PiSession& session, const std::string& text);
  void take(const pi::Record& record, AgentListener& listener);
  void answer(const pi::Dialog& dialog, AgentListener& listener);
  boost::asio::awaitable<void> answer_gate(std::string dialog_id, AgentListener& listener);
  void flush_commands();
  /// When pi will have been silent for too long, if it goes on so.
  Clock::time_point silence_deadline() const;
  Clock::time_point next_deadline() const;
  std::optional<Outcome> check_deadlines(Clock::time_point now);
  Outcome died() const;
  Outcome finish(Outcome outcome, const AgentAccess& access) const;

  SessionPool& pool_;
  Conversation conversation_;
  PiAgentOptions options_;
  async::TaskGroup gates_;
  PiProcess* process_ = nullptr;
  AgentAccess* access_ = nullptr;  ///< while the session is ours
  std::optional<pi::Turn> turn_;
  std::vector<std::pair<api::MessageMode, std::string>> messages_;  ///< until pi can take them
  int open_gates_ = 0;
  Clock::time_point gate_answered_ = Clock::time_point::min();
  bool aborted_ = false;
  bool timed_out_ = false;
  bool abort_sent_ = false;
  bool steered_ = false;
  bool probed_ = false;  ///< pi was asked for a sign of life, and has not answered
  bool healthy_ = true;  ///< the process can take another prompt
  Clock::time_point time_limit_ = Clock::time_point::max();
  Clock::time_point force_at_ = Clock::time_point::max();
};

}  // namespace butler::worker
