#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "worker/agent.hpp"
#include "worker/events.hpp"
#include "worker/payload.hpp"
#include "worker/tool_decision.hpp"

namespace butler::worker {

/// Decides whether the tool calls of one job may start: the policy first, then a person where it says so.
/// Keeps no state between calls; whatever goes wrong is a no.
class ToolGate {
 public:
  ToolGate(CallPlace place, Decide decide) : place_(std::move(place)), decide_(std::move(decide)) {}

  /// Brings the agent's files to where the gate reads them. The error is a sentence.
  using Refresh = std::function<boost::asio::awaitable<std::expected<void, std::string>>()>;

  /// Names the agent's folder for temporary files and its sandbox, which are known once it runs; `refresh` is
  /// asked before files are looked at, where the agent works on copies.
  void settle_in(std::string scratch, std::string sandbox_profile, Refresh refresh = {});

  /// Whether the call may start; until then it may take as long as people do. A call that is refused by the
  /// policy is noted in the job's log. An approval holds for what was shown only: files that the call
  /// executes are looked at again when it comes, and what has changed is asked for anew.
  boost::asio::awaitable<Permission> admit(CallQuestion call, AgentListener& listener) const;

  /// Whether the agent may reach the host; asks under the tool's name `network`. A refusal is noted likewise.
  boost::asio::awaitable<Permission> admit(HostQuestion host, AgentListener& listener) const;

  /// Why a job of kind `run` must not be carried out although a person has approved it: nullopt when it may.
  std::optional<std::string> refuse_run(const std::string& command) const;

 private:
  struct Subject {
    CallQuestion call;
    policy::Question question;
    policy::Decision decision;
    Refused kind = Refused::tool;
    std::string not_done;  ///< what the job's log says of a refusal
  };

  policy::Decision decide(const policy::Question& question) const;
  boost::asio::awaitable<Permission> admit(Subject subject, AgentListener& listener) const;
  static Permission refuse(const Subject& subject, AgentListener& listener);
  boost::asio::awaitable<Permission> ask(Subject subject, AgentListener& listener) const;
  /// Of what is there now, the agent's files included.
  boost::asio::awaitable<std::expected<std::string, std::string>> hash_of(const Subject& subject) const;
  api::ApprovalRequest request_for(const Subject& subject, std::string hash, std::string_view note) const;

  CallPlace place_;
  Decide decide_;
  Refresh refresh_;
};

}  // namespace butler::worker
