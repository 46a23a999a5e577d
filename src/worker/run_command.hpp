#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/event.hpp"
#include "process/child_process.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/agent.hpp"
#include "worker/agent_environment.hpp"
#include "worker/agent_services.hpp"
#include "worker/attachment_receiver.hpp"
#include "worker/tool_gate.hpp"

namespace butler::worker {

/// A command's output as it may go on the wire: bytes in, valid UTF-8 out, within the limit of a result.
/// Pure.
class OutputText {
 public:
  /// What can be shown of the output so far and was not yet: the begin of an unfinished character waits.
  std::string feed(std::string_view bytes);
  /// The rest, at the end of the output.
  std::string finish();

  /// All that was returned.
  const std::string& text() const { return text_; }

 private:
  std::string show(std::string_view bytes);

  std::string pending_;
  std::string text_;
  std::size_t code_points_ = 0;
  bool full_ = false;
};

/// Executes a `run` job: `/bin/bash -c <prompt>` in the workspace, in a sandbox, without the model. Hosts
/// that it wants to reach are asked for as an agent's are; time that people are waited for does not count.
class RunCommand final : public Agent {
 public:
  struct Options {
    sandbox::Sandbox* sandbox = nullptr;
    std::filesystem::path scratch_parent;
    /// What the command may have, around the scratch folder: all but the command itself.
    std::function<sandbox::Spec(const std::filesystem::path& scratch)> spec;
    /// Serves what it can reach; it can reach nothing without.
    std::function<std::unique_ptr<AgentAccess>(http::ListeningSocket, const ServiceToken&)> serve = {};
    /// Brings the files that came with the request; they are left alone without.
    std::shared_ptr<AttachmentReceiver> receiver = nullptr;
    std::chrono::milliseconds time_limit{3'600'000};
  };

  /// The command itself has been approved; `gate` decides on hosts.
  RunCommand(boost::asio::any_io_executor executor, Options options, ToolGate gate)
      : executor_(executor), options_(std::move(options)), gate_(std::move(gate)), changed_(executor) {}

  boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) override;
  /// Kills the command and all that it started, whatever the patience: a command has nothing to put in order.
  void abort(std::chrono::milliseconds patience) override;
  /// A command takes no messages.
  void message(api::MessageMode mode, std::string text) override;

 private:
  boost::asio::awaitable<Outcome> supervise(sandbox::Started started, const Scratch& scratch,
                                            AgentListener& listener);
  boost::asio::awaitable<void> read_output(process::ChildProcess& child, AgentListener& listener);
  boost::asio::awaitable<void> watch_exit(process::ChildProcess& child);
  /// Returns when the command has ended, or is to be ended: true when its time was over.
  boost::asio::awaitable<bool> await_end(const PersonWait& waited);
  Outcome outcome_of(bool timed_out) const;
  sandbox::Spec spec_of(const std::string& command, const Scratch& scratch) const;

  boost::asio::any_io_executor executor_;
  Options options_;
  ToolGate gate_;
  std::unique_ptr<AgentAccess> access_;
  async::Event changed_;
  bool aborted_ = false;
  bool output_ended_ = false;
  std::optional<process::ExitStatus> exit_;
  std::optional<std::string> verdict_;  ///< why the sandbox was ended
  OutputText output_;
};

}  // namespace butler::worker
