#include "gateway/approval_requests.hpp"

#include "domain/job_id.hpp"
#include "gateway/approval_text.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway {

namespace {

std::string name_of_requester(wording::Language language, const domain::Job& job) {
  if (job.metadata && job.metadata->contains("requesterName")) return job.metadata->at("requesterName");
  return wording::unnamed_person(language, job.requester_id);
}

}  // namespace

std::string approval_source(const std::string& job_id) { return "approval:" + job_id; }

bool ApprovalRequests::may_decide(const Turn& turn) const {
  const auto role = people_.role_of(turn.requester_id);  // none: let out while the job ran
  return role && domain::permission(domain::Action::decide, *role, domain::Place::private_chat,
                                    permissions_) == domain::Permission::granted;
}

void ApprovalRequests::ask(const Turn& turn, const domain::Job& job) {
  const std::string short_id = domain::short_job_id(job.id);
  const auto language = languages_.of_person(turn.requester_id);
  const auto reply_to = reply_target(turn.lane, turn.message_id);
  if (may_decide(turn)) {
    return send(language, approval_source(job.id), turn.lane,
                wording::approval_request(language, job.prompt, short_id), reply_to, job.id);
  }
  send(language, approval_source(job.id), turn.lane, wording::owner_is_asked(language, job.prompt, short_id),
       reply_to, "");
  ask_owners(job);
}

std::vector<ApprovalPlace> ApprovalRequests::ask(const Turn& turn, const domain::Job& job,
                                                 const api::Approval& approval) {
  std::vector<ApprovalPlace> places;
  const auto put = [&](Lane lane, wording::Language spoken, bool asks, std::vector<std::string> payloads) {
    const std::string source = "tool:" + approval.id + ":" + std::to_string(lane.chat_id);
    const Keyboard keyboard = asks ? tool_approval_keyboard(spoken, approval) : Keyboard{};
    queue_with_keyboard(
        outbox_, buttons_,
        {.source = source, .kind = MessageKind::approval, .to = lane, .payloads = std::move(payloads)},
        keyboard);
    places.push_back({.lane = lane, .source = source, .asks = asks});
  };
  const auto reply_to = reply_target(turn.lane, turn.message_id);
  const auto language = languages_.of_person(turn.requester_id);
  if (may_decide(turn)) {
    put(turn.lane, language, true, tool_request_payloads(language, approval, job, "", reply_to));
    return places;
  }
  put(turn.lane, language, false, owner_is_asked_payloads(language, approval, job, reply_to));
  for (const std::int64_t owner : people_.owners()) {
    const auto theirs = languages_.of_person(owner);
    put({.chat_id = owner}, theirs, true,
        tool_request_payloads(theirs, approval, job, name_of_requester(theirs, job), std::nullopt));
  }
  return places;
}

void ApprovalRequests::ask_owners(const domain::Job& job) {
  for (const std::int64_t owner : people_.owners()) {
    const auto language = languages_.of_person(owner);
    const std::string text = wording::approval_request_of(language, name_of_requester(language, job),
                                                          job.prompt, domain::short_job_id(job.id));
    send(language, approval_source(job.id) + ":" + std::to_string(owner), {.chat_id = owner}, text,
         std::nullopt, job.id);
  }
}

void ApprovalRequests::send(wording::Language language, const std::string& source, Lane to,
                            const std::string& markdown, std::optional<std::int64_t> reply_to,
                            const std::string& job_to_decide) {
  const Keyboard keyboard =
      job_to_decide.empty() ? Keyboard{} : job_approval_keyboard(language, job_to_decide);
  queue_with_keyboard(outbox_, buttons_,
                      {.source = source,
                       .kind = MessageKind::approval,
                       .to = to,
                       .payloads = payloads(render::render_markdown(markdown), reply_to)},
                      keyboard, {.job_id = job_to_decide});
}

}  // namespace butler::gateway
