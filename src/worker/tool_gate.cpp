#include "worker/tool_gate.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "log/log.hpp"
#include "policy/places.hpp"
#include "process/role.hpp"
#include "worker/events.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

// Files that change each time somebody has approved the call will not come to rest.
constexpr int most_rounds = 5;
constexpr std::string_view changed_note =
    "It was approved before, but a file that it executes has changed since.";

// Nobody could look at it, and it could change after the approval.
constexpr std::string_view unseen_words =
    ", which it would execute, lies in the machine's own folder for temporary files: put it into the "
    "workspace";

/// Whether a file of the agent's is one that does not come back from where it works on copies.
bool stays_in_machine(std::string_view file, const policy::Question& place) {
  constexpr std::array<std::string_view, 4> temporary{"/tmp", "/var/tmp", "/dev", "/run"};
  if (policy::is_within(file, place.workspace)) return false;
  return (!place.scratch.empty() && policy::is_within(file, place.scratch)) ||
         std::ranges::any_of(temporary, [&](auto folder) { return policy::is_within(file, folder); });
}

std::string summary_of(const CallQuestion& call) {
  return summarize({.id = call.id, .name = call.tool_name, .arguments = call.input});
}

Permission no(std::string why) { return {.allowed = false, .reason = std::move(why)}; }

}  // namespace

void ToolGate::settle_in(std::string scratch, std::string sandbox_profile, Refresh refresh) {
  refresh_ = std::move(refresh);
  place_.common.scratch = std::move(scratch);
  place_.sandbox_profile = std::move(sandbox_profile);
}

/// A policy that fails to answer forbids.
policy::Decision ToolGate::decide(const policy::Question& question) const {
  try {
    return decide_(question);
  } catch (const std::exception& fault) {
    log::error("policy.fault", {{"tool", question.tool}, {"error", fault.what()}});
    return {.verdict = policy::Verdict::deny, .rule = "fault", .reason = "The policy could not be asked."};
  }
}

asio::awaitable<Permission> ToolGate::admit(CallQuestion call, AgentListener& listener) const {
  auto question = question_of(place_, call);
  if (!question) co_return no(question.error());
  auto decision = decide(*question);
  std::string not_done = "Not started: " + call.tool_name + ": " + summary_of(call);
  Subject subject{.call = std::move(call),
                  .question = std::move(*question),
                  .decision = std::move(decision),
                  .kind = Refused::tool,
                  .not_done = std::move(not_done)};
  co_return co_await admit(std::move(subject), listener);
}

asio::awaitable<Permission> ToolGate::admit(HostQuestion host, AgentListener& listener) const {
  CallQuestion call{.id = "network-" + process::random_hex(8),
                    .tool_name = "network",
                    .input = json::Object{{"host", host.host}, {"port", host.port}}};
  auto question = question_of(place_, host);
  auto decision = decide(question);
  Subject subject{.call = std::move(call),
                  .question = std::move(question),
                  .decision = std::move(decision),
                  .kind = Refused::host,
                  .not_done = "Not connected to " + host.host + ":" + std::to_string(host.port)};
  co_return co_await admit(std::move(subject), listener);
}

asio::awaitable<Permission> ToolGate::admit(Subject subject, AgentListener& listener) const {
  switch (subject.decision.verdict) {
    case policy::Verdict::allow: co_return Permission{.allowed = true};
    case policy::Verdict::ask: co_return co_await ask(std::move(subject), listener);
    case policy::Verdict::deny: break;
  }
  co_return refuse(subject, listener);
}

Permission ToolGate::refuse(const Subject& subject, AgentListener& listener) {
  const auto& decision = subject.decision;
  log::info("tool.denied", {{"tool", subject.call.tool_name}, {"rule", decision.rule}});
  listener.report(
      refusal_event(subject.kind, subject.not_done + ". Rule " + decision.rule + ": " + decision.reason));
  return {.allowed = false, .reason = denial_words(decision), .noted = true};
}

asio::awaitable<Permission> ToolGate::ask(Subject subject, AgentListener& listener) const {
  std::string_view note;
  for (int round = 0; round < most_rounds; ++round) {
    const auto hash = co_await hash_of(subject);
    if (!hash) co_return no(hash.error() + ". It was not started.");
    auto request = request_for(subject, *hash, note);
    auto permission = co_await listener.ask(std::move(request));
    if (!permission.allowed && permission.reason.empty())
      permission.reason = "It was denied. It was not started.";
    if (!permission.allowed) co_return permission;
    // The policy may have changed while the person thought about it.
    subject.decision = decide(subject.question);
    if (subject.decision.verdict == policy::Verdict::deny) co_return refuse(subject, listener);
    const auto now = co_await hash_of(subject);
    if (now && *now == *hash) co_return permission;
    note = changed_note;
  }
  co_return no("The files that it executes change all the time. It was not started.");
}

asio::awaitable<std::expected<std::string, std::string>> ToolGate::hash_of(const Subject& subject) const {
  const auto& executed = subject.decision.executed_files;
  if (refresh_ && !executed.empty()) {
    const auto unseen = std::ranges::find_if(
        executed, [this](const auto& file) { return stays_in_machine(file, place_.common); });
    if (unseen != executed.end()) co_return std::unexpected(*unseen + std::string{unseen_words});
    const auto fresh = co_await refresh_();
    if (!fresh) co_return std::unexpected(fresh.error());
  }
  auto files = fingerprints(subject.decision.executed_files, place_.common.workspace);
  if (!files) co_return std::unexpected(files.error());
  co_return payload_hash({.tool_name = subject.call.tool_name,
                          .input = subject.call.input,
                          .cwd = place_.common.cwd,
                          .sandbox_profile = place_.sandbox_profile,
                          .files = std::move(*files)});
}

api::ApprovalRequest ToolGate::request_for(const Subject& subject, std::string hash,
                                           std::string_view note) const {
  using enum domain::ApprovalScope;
  const auto& call = subject.call;
  std::string risk{note};
  if (!risk.empty()) risk += " ";
  risk += risk_words(subject.decision);
  api::ApprovalRequest request{.tool_call_id = call.id,
                               .tool_name = call.tool_name,
                               .summary = summary_of(call),
                               .input = call.input,
                               .risk = domain::shorten(risk, domain::limits::approval_risk),
                               .payload_hash = std::move(hash),
                               .cwd = place_.common.cwd,
                               .sandbox_profile = place_.sandbox_profile};
  request.scopes = subject.decision.wrapper ? std::vector{once, session} : std::vector{once, session, always};
  return request;
}

std::optional<std::string> ToolGate::refuse_run(const std::string& command) const {
  policy::Question question = place_.common;
  question.kind = domain::JobKind::run;
  question.tool = "bash";
  question.command = command;
  const auto decision = decide(question);
  if (decision.verdict != policy::Verdict::deny) return std::nullopt;
  log::info("tool.denied", {{"tool", "run"}, {"rule", decision.rule}});
  return denial_words(decision);
}

}  // namespace butler::worker
