#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worker/agent.hpp"
#include "worker/attachment_receiver.hpp"
#include "worker/gate_dialogs.hpp"
#include "worker/pi_turn.hpp"
#include "worker/session_pool.hpp"
#include "worker/tool_gate.hpp"

namespace butler::worker {

struct PiAgentOptions {
  std::chrono::milliseconds spawn_timeout{30'000};
  std::chrono::milliseconds silence_timeout{600'000};
  std::chrono::milliseconds job_timeout{3'600'000};
  std::chrono::milliseconds abort_patience{5'000};   ///< after the job's time is over
  std::chrono::milliseconds gate_patience{5'000};    ///< for the gate's announcement, once pi answers
  std::chrono::milliseconds copy_patience{300'000};  ///< for files of a pi that works on copies
};

/// Lets the conversation's pi do a job: prompt, gate, deadlines, abort. Its model answers while it does. Time
/// that people are waited for counts against no deadline.
class PiAgent final : public Agent {
 public:
  using Clock = std::chrono::steady_clock;

  /// The pool outlives the agent. Without a receiver, files that came with the request are left alone.
  PiAgent(boost::asio::any_io_executor executor, SessionPool& pool, Conversation conversation, ToolGate gate,
          PiAgentOptions options, std::unique_ptr<AttachmentReceiver> receiver = nullptr)
      : pool_(pool),
        conversation_(std::move(conversation)),
        options_(options),
        receiver_(std::move(receiver)),
        gate_(std::move(gate)),
        dialogs_(std::move(executor), gate_) {}

  boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) override;
  void abort(std::chrono::milliseconds patience) override;
  void message(api::MessageMode mode, std::string text) override;

 private:
  boost::asio::awaitable<void> receive_attachments(const domain::Job& job, AgentListener& listener);
  boost::asio::awaitable<std::expected<PiSession*, std::string>> take_session();
  boost::asio::awaitable<Outcome> use(PiSession& session, domain::Job job, AgentListener& listener);
  boost::asio::awaitable<std::optional<Outcome>> get_ready(PiSession& session);
  boost::asio::awaitable<Outcome> converse(AgentListener& listener);
  void begin_turn(PiSession& session, const domain::Job& job, const AgentListener& listener);
  void take(const pi::Record& record, AgentListener& listener);
  void flush_commands();
  /// When pi will have been silent for too long, if it goes on so.
  Clock::time_point silence_deadline(const PersonWait& waited) const;
  Clock::time_point time_limit(const PersonWait& waited, Clock::time_point now) const;
  Clock::time_point next_deadline(const PersonWait& waited) const;
  std::optional<Outcome> check_deadlines(const PersonWait& waited, Clock::time_point now);
  /// Where pi works on copies: what it has made is brought to where everybody sees it, whatever became of the
  /// turn, and the person is told what was not.
  boost::asio::awaitable<void> bring_files_out(AgentListener& listener, Outcome& outcome);
  boost::asio::awaitable<std::expected<void, std::string>> bring_files_in();
  PiProcess::Deadline copy_deadline() const;
  ToolGate::Refresh refresh();
  boost::asio::awaitable<std::expected<void, std::string>> refresh_files();
  Outcome died() const;
  Outcome finish(Outcome outcome, const AgentAccess& access) const;

  SessionPool& pool_;
  Conversation conversation_;
  PiAgentOptions options_;
  std::unique_ptr<AttachmentReceiver> receiver_;
  ReceivedAttachments attachments_;
  ToolGate gate_;
  GateDialogs dialogs_;
  PiProcess* process_ = nullptr;
  AgentAccess* access_ = nullptr;  ///< while the session is ours
  std::optional<pi::Turn> turn_;
  std::vector<std::string> not_kept_;  ///< of what pi has made, as sentences for the person
  std::vector<std::pair<api::MessageMode, std::string>> messages_;  ///< until pi can take them
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
