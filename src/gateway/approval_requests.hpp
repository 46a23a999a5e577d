#pragma once

#include "domain/job.hpp"
#include "domain/permissions.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// Asks for the approval of a job: the one who wants it, if they may decide themselves; else every owner, in
/// their private chats, and the one who wants it hears that.
class ApprovalRequests {
 public:
  ApprovalRequests(OutboxSender& outbox, const People& people, domain::PermissionRules permissions)
      : outbox_(outbox), people_(people), permissions_(permissions) {}

  /// Once per job, however often it is called. Inside a unit of the store.
  void ask(const Turn& turn, const domain::Job& job);

 private:
  void ask_owners(const domain::Job& job);
  void send(const std::string& source, Lane to, const std::string& markdown,
            std::optional<std::int64_t> reply_to);

  OutboxSender& outbox_;
  const People& people_;
  domain::PermissionRules permissions_;
};

}  // namespace butler::gateway
