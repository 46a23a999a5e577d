#include "console/decide.hpp"

#include <algorithm>
#include <ostream>

#include "api/describe.hpp"
#include "console/job_text.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/job_words.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

using domain::ApprovalVerdict;

constexpr std::chrono::seconds decision_patience{30};
constexpr std::size_t longest_decider = 60;

void require_owner(const Access& access, ApprovalVerdict verdict) {
  if (verdict == ApprovalVerdict::allow && !access.doubt.empty()) {
    throw Failure("only the machine's owner allows something in the terminal, and " + access.doubt);
  }
}

std::string too_late(const api::Approval& approval) {
  std::string text = domain::short_job_id(approval.id) + " is decided already: ";
  text += domain::enum_name(approval.status);
  if (approval.decider_id) text += " by " + short_line(*approval.decider_id, longest_decider);
  return text + "; butler job show " + domain::short_job_id(approval.job_id) + " tells how it goes on";
}

asio::awaitable<domain::Job> decide_job(Connection& connection, domain::Job job, Decision decision) {
  require_owner(connection.access(), decision.verdict);
  const std::string id = domain::short_job_id(job.id);
  const std::string& person = connection.access().person;
  if (job.status == domain::JobStatus::needs_approval && decision.scope != domain::ApprovalScope::once) {
    throw Failure(id + " is a command of its own, so it is approved once: leave --scope out");
  }
  const auto call = [&]() -> api::Call<domain::Job> {
    if (decision.verdict == ApprovalVerdict::allow) {
      return connection.orchestrator().approve(job.id, {.approver_id = person});
    }
    return connection.orchestrator().abort(
        job.id, {.reason = "denied", .requester_id = person, .if_status = domain::JobStatus::needs_approval});
  };
  auto decided = co_await call_patiently<domain::Job>(call, decision_patience);
  co_return connection.require(std::move(decided));
}

/// A job that runs is not decided about as a whole: its calls are, one by one.
[[noreturn]] void refuse_whole_job(const domain::Job& job, const std::vector<WaitingCall>& calls) {
  const std::string id = domain::short_job_id(job.id);
  if (calls.empty()) {
    throw Failure(id + " does not wait for approval (" + std::string{domain::status_words(job.status)} +
                  "): butler job show " + id + " tells more");
  }
  std::string text = id + " waits for a decision about what it wants to do now: decide by the id of that.";
  for (const auto& call : calls) text += "\n\n" + call_in_full(call.approval, AskedIn::shell);
  throw Failure(text);
}

asio::awaitable<int> decide_named(Connection& connection, std::string typed, Decision decision,
                                  Streams streams) {
  const bool allows = decision.verdict == ApprovalVerdict::allow;
  const std::string command = allows ? "butler job approve" : "butler job deny";
  const auto named = co_await find_job_or_call(connection, std::move(typed), command);
  if (const auto* call = std::get_if<WaitingCall>(&named)) {
    const auto decided = co_await decide_call(connection, *call, decision);
    if (streams.json) {
      streams.write(json::encode(decided));
    } else {
      streams.out << (allows ? "Allowed" : "Denied") << ": "
                  << short_line(decided.tool_name + ": " + decided.summary, 100) << '\n';
    }
    co_return 0;
  }
  const auto& job = std::get<domain::Job>(named);
  if (job.status != domain::JobStatus::needs_approval) {
    const auto calls = co_await waiting_calls_of(connection, job);
    refuse_whole_job(job, calls);
  }
  const auto decided = co_await decide_job(connection, job, decision);
  if (streams.json) {
    streams.write(json::encode(decided));
  } else {
    streams.out << (allows ? "Approved " : "Refused ") << domain::short_job_id(job.id) << ": "
                << short_line(job.prompt, 100) << '\n';
  }
  co_return 0;
}

}  // namespace

asio::awaitable<api::Approval> decide_call(Connection& connection, WaitingCall waiting, Decision decision) {
  require_owner(connection.access(), decision.verdict);
  const auto& approval = waiting.approval;
  const bool offered = std::ranges::find(approval.scopes, decision.scope) != approval.scopes.end();
  if (decision.verdict == ApprovalVerdict::allow && !offered) {
    throw Failure(std::string{domain::enum_name(decision.scope)} +
                  " cannot be chosen for this: " + how_to_decide(approval, AskedIn::shell));
  }
  api::DecideApprovalRequest request{.decision = decision.verdict,
                                     .scope = decision.scope,
                                     .decider_id = connection.access().person,
                                     .reason = {}};
  if (!decision.reason.empty()) request.reason = decision.reason;
  const auto call = [&] {
    return connection.orchestrator().decide_approval(waiting.job.id, approval.id, request);
  };
  auto decided = co_await call_patiently<api::Approval>(call, decision_patience);
  if (!decided && decided.error().approval) throw Failure(too_late(*decided.error().approval));
  co_return connection.require(std::move(decided));
}

int decide_in_shell(const Access& access, const std::string& typed, const Decision& decision,
                    Streams streams) {
  Connection connection(access);
  return connection.run(decide_named(connection, typed, decision, streams));
}

}  // namespace butler::console
