#include "gateway/approval_requests.hpp"

#include "domain/job_id.hpp"
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

void ApprovalRequests::ask(const Turn& turn, const domain::Job& job) {
  const domain::Role role = people_.role_of(turn.requester_id).value_or(domain::Role::person);
  const auto may_decide =
      domain::permission(domain::Action::decide, role, domain::Place::private_chat, permissions_);
  const std::string short_id = domain::short_job_id(job.id);
  const auto reply_to = reply_target(turn.lane, turn.message_id);
  if (may_decide == domain::Permission::granted) {
    return send("approval:" + job.id, turn.lane, wording::approval_request(job.prompt, short_id), reply_to);
  }
  send("approval:" + job.id, turn.lane, wording::owner_is_asked(job.prompt, short_id), reply_to);
  ask_owners(job);
}

void ApprovalRequests::ask_owners(const domain::Job& job) {
  const std::string text =
      wording::approval_request_of(name_of_requester(job), job.prompt, domain::short_job_id(job.id));
  for (const std::int64_t owner : people_.owners()) {
    send("approval:" + job.id + ":" + std::to_string(owner), {.chat_id = owner}, text, std::nullopt);
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
