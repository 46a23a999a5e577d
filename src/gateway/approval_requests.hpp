#pragma once

#include "api/types.hpp"
#include "domain/job.hpp"
#include "domain/permissions.hpp"
#include "gateway/buttons.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// The outbox's source of the message that asks for the approval of a job; in the private chat of an owner
/// who did not ask for it themselves, ":" and the chat follow.
std::string approval_source(const std::string& job_id);

/// Asks for the approval of a job, or of a tool call: the one who wants it, if they may decide themselves;
/// else every owner, in their private chats, and the one who wants it hears that.
class ApprovalRequests {
 public:
  ApprovalRequests(OutboxSender& outbox, Buttons& buttons, const People& people, const Languages& languages,
                   domain::PermissionRules permissions)
      : outbox_(outbox),
        buttons_(buttons),
        people_(people),
        languages_(languages),
        permissions_(permissions) {}

  /// Once per job, however often it is called. Inside a unit of the store.
  void ask(const Turn& turn, const domain::Job& job);

  /// Likewise about one tool call of a job. Returns where; the caller sees to it that it is once.
  std::vector<ApprovalPlace> ask(const Turn& turn, const domain::Job& job, const api::Approval& approval);

 private:
  bool may_decide(const Turn& turn) const;
  void ask_owners(const domain::Job& job);
  /// `job_to_decide`: with buttons to do so; "" without.
  void send(wording::Language language, const std::string& source, Lane to, const std::string& markdown,
            std::optional<std::int64_t> reply_to, const std::string& job_to_decide);

  OutboxSender& outbox_;
  Buttons& buttons_;
  const People& people_;
  const Languages& languages_;
  domain::PermissionRules permissions_;
};

}  // namespace butler::gateway
