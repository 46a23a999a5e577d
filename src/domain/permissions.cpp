#include "domain/permissions.hpp"

#include <variant>

namespace butler::domain {

Permission permission(Action action, Role role, Place place, const PermissionRules& rules) {
  const auto owners_unless = [role](bool others_too) {
    return role == Role::owner || others_too ? Permission::granted : Permission::owners_only;
  };
  switch (action) {
    case Action::ask: return Permission::granted;
    case Action::run: return owners_unless(!rules.run_owner_only);
    case Action::decide: return owners_unless(!rules.approve_owner_only);
    case Action::abort: return owners_unless(rules.allow_requester_abort);
    case Action::panic: return owners_unless(false);
    case Action::manage_people:
      if (role != Role::owner) return Permission::owners_only;
      return place == Place::private_chat ? Permission::granted : Permission::in_private_only;
  }
  return Permission::owners_only;
}

Action action_of(const ChatCommand& command) {
  const bool decides =
      std::holds_alternative<ApproveCommand>(command) || std::holds_alternative<DenyCommand>(command);
  const bool manages_people = std::holds_alternative<PairingsCommand>(command) ||
                              std::holds_alternative<ApprovePairCommand>(command) ||
                              std::holds_alternative<UnpairCommand>(command);
  if (decides) return Action::decide;
  if (manages_people) return Action::manage_people;
  if (std::holds_alternative<RunCommand>(command)) return Action::run;
  if (std::holds_alternative<AbortCommand>(command)) return Action::abort;
  if (std::holds_alternative<PanicCommand>(command)) return Action::panic;
  return Action::ask;
}

bool may_see(Role role, Place place, JobRelation job) {
  if (role == Role::owner) return job.this_chat || place == Place::private_chat;
  return job.own && job.this_chat;
}

bool may_be_meant(Role role, Place place, JobRelation job) {
  if (!may_see(role, place, job)) return false;
  return job.this_chat || (job.waits_for_approval && job.requester != Role::owner);
}

}  // namespace butler::domain
