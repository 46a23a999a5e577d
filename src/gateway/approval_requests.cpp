#include "gateway/approval_requests.hpp"

#include "domain/job_id.hpp"
#include "gateway/approval_text.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway {

namespace {

std::string name_of_requester(const domain::Job& job) {
  if (job.metadata && job.metadata->contains("requesterName")) return job.metadata->at("requesterName");
  return "Somebody (id " + job.requester_id + ")";
}

}  // namespace

std::string approval_source(const std::string& job_id) { return "approval:" + job_id; }

bool ApprovalRequests::may_decide(const Turn& turn) const {
  const domain::Role role = people_.role_of(turn.requester_id).value_or(domain::Role::person);
  return domain::permission(domain::Action::decide, role, domain::Place::private_chat, permissions_) ==
         domain::Permission::granted;
}

void ApprovalRequests::ask(const Turn& turn, const domain::Job& job) {
  const std::string short_id = domain::short_job_id(job.id);
  const auto reply_to = reply_target(turn.lane, turn.message_id);
  if (may_decide(turn)) {
    return send(approval_source(job.id), turn.lane, wording::approval_request(job.prompt, short_id),
                reply_to);
  }
  send(approval_source(job.id), turn.lane, wording::owner_is_asked(job.prompt, short_id), reply_to);
  ask_owners(job);
}

std::vector<ApprovalPlace> ApprovalRequests::ask(const Turn& turn, const domain::Job& job,
                                                 const api::Approval& approval) {
  std::vector<ApprovalPlace> places;
  const auto put = [&](Lane lane, bool asks, std::vector<std::string> payloads) {
    const std::string source = "tool:" + approval.id + ":" + std::to_string(lane.chat_id);
    outbox_.queue(
        {.source = source, .kind = MessageKind::approval, .to = lane, .payloads = std::move(payloads)});
    places.push_back({.lane = lane, .source = source, .asks = asks});
  };
  const auto reply_to = reply_target(turn.lane, turn.message_id);
  if (may_decide(turn)) {
    put(turn.lane, true, tool_request_payloads(approval, job, "", reply_to));
    return places;
  }
  put(turn.lane, false, owner_is_asked_payloads(approval, job, reply_to));
  const auto for_owners = tool_request_payloads(approval, job, name_of_requester(job), std::nullopt);
  for (const std::int64_t owner : people_.owners()) put({.chat_id = owner}, true, for_owners);
  return places;
}

void ApprovalRequests::ask_owners(const domain::Job& job) {
  const std::string text =
      wording::approval_request_of(name_of_requester(job), job.prompt, domain::short_job_id(job.id));
  for (const std::int64_t owner : people_.owners()) {
    send(approval_source(job.id) + ":" + std::to_string(owner), {.chat_id = owner}, text, std::nullopt);
  }
}

void ApprovalRequests::send(const std::string& source, Lane to, const std::string& markdown,
                            std::optional<std::int64_t> reply_to) {
  outbox_.queue({.source = source,
                 .kind = MessageKind::approval,
                 .to = to,
                 .payloads = payloads(render::render_markdown(markdown), reply_to)});
}

}  // namespace butler::gateway
