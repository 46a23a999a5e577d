#include "gateway/press_rules.hpp"

#include <utility>

#include "gateway/access.hpp"

namespace butler::gateway {

namespace {

using domain::Permission;
using domain::Role;

/// The same chat, topic and message. A message that is not known yet cannot be compared: its token was in no
/// other one. Of an inaccessible message the topic is not told, but its id says enough.
bool is_where_it_was_put(const PressFacts& facts) {
  const telegram::Message& message = *facts.message;
  const KeyboardRow& keyboard = *facts.keyboard;
  if (message.foreign_chat || facts.chat_id != keyboard.audience.lane.chat_id) return false;
  if (keyboard.message_id && *keyboard.message_id != message.message_id) return false;
  if (!facts.accessible) return keyboard.message_id.has_value();
  return message.thread_id == keyboard.audience.lane.thread_id;
}

/// People press what is about their own; owners everything that is shown to them.
bool is_theirs(const PressFacts& facts, Role role) {
  const KeyboardRow& keyboard = *facts.keyboard;
  if (keyboard.audience.person_id) return *keyboard.audience.person_id == facts.person_id;
  const bool about_a_job =
      facts.button->button.action != ButtonAction::setting && !facts.button->button.subject.empty();
  return role == Role::owner || !about_a_job || facts.requester_id == facts.person_id;
}

}  // namespace

PressVerdict judge_press(const PressFacts& facts, const domain::PermissionRules& rules,
                         domain::Timestamp now) {
  if (!facts.role) return PressVerdict::stranger;
  if (!facts.message || !facts.button || !facts.keyboard) return PressVerdict::unknown;
  if (!is_where_it_was_put(facts)) return PressVerdict::elsewhere;
  if (!is_theirs(facts, *facts.role)) return PressVerdict::not_theirs;
  const auto may = domain::permission(action_of(facts.button->button.action), *facts.role,
                                      place_of(*facts.message), rules);
  if (may == Permission::owners_only) return PressVerdict::owners_only;
  if (may == Permission::in_private_only) return PressVerdict::in_private_only;
  const auto& expires_at = facts.keyboard->audience.expires_at;
  if (expires_at && now >= *expires_at) return PressVerdict::expired;
  if (facts.button->used || facts.keyboard->outcome) return PressVerdict::over;
  return facts.pressed_before ? PressVerdict::busy : PressVerdict::taken;
}

domain::Action action_of(ButtonAction action) {
  switch (action) {
    case ButtonAction::approve_job:
    case ButtonAction::deny_job:
    case ButtonAction::allow_once:
    case ButtonAction::allow_session:
    case ButtonAction::allow_always:
    case ButtonAction::deny_tool: return domain::Action::decide;
    case ButtonAction::stop: return domain::Action::abort;
    case ButtonAction::pair:
    case ButtonAction::refuse_pair: return domain::Action::manage_people;
    case ButtonAction::retry:
    case ButtonAction::details:
    case ButtonAction::status:
    case ButtonAction::setting: return domain::Action::ask;
  }
  std::unreachable();
}

std::string matter_of(const Button& button, std::string_view token) {
  switch (button.action) {
    case ButtonAction::approve_job:
    case ButtonAction::deny_job: return job_matter(button.subject);
    case ButtonAction::allow_once:
    case ButtonAction::allow_session:
    case ButtonAction::allow_always:
    case ButtonAction::deny_tool: return approval_matter(button.subject);
    case ButtonAction::stop: return stop_matter(button.subject);
    case ButtonAction::retry: return retry_matter(button.subject);
    case ButtonAction::pair:
    case ButtonAction::refuse_pair: return pairing_matter(button.subject);
    case ButtonAction::details:
    case ButtonAction::status:
    case ButtonAction::setting: return "button:" + std::string{token};
  }
  std::unreachable();
}

std::string job_matter(std::string_view job_id) { return "job:" + std::string{job_id}; }
std::string approval_matter(std::string_view approval_id) { return "approval:" + std::string{approval_id}; }
std::string stop_matter(std::string_view job_id) { return "stop:" + std::string{job_id}; }
std::string retry_matter(std::string_view job_id) { return "retry:" + std::string{job_id}; }
std::string pairing_matter(std::string_view code) { return "pairing:" + std::string{code}; }

std::optional<domain::ChatCommand> command_of(const Button& button) {
  switch (button.action) {
    case ButtonAction::approve_job: return domain::ApproveCommand{.id = button.subject, .scope = ""};
    case ButtonAction::allow_once: return domain::ApproveCommand{.id = button.subject, .scope = "once"};
    case ButtonAction::allow_session: return domain::ApproveCommand{.id = button.subject, .scope = "session"};
    case ButtonAction::allow_always: return domain::ApproveCommand{.id = button.subject, .scope = "always"};
    case ButtonAction::deny_job:
    case ButtonAction::deny_tool: return domain::DenyCommand{.id = button.subject, .reason = ""};
    case ButtonAction::stop: return domain::AbortCommand{.job = button.subject};
    case ButtonAction::retry: return domain::RetryCommand{.job = button.subject};
    case ButtonAction::details:
    case ButtonAction::status: return domain::StatusCommand{.job = button.subject};
    case ButtonAction::pair:
    case ButtonAction::refuse_pair:
    case ButtonAction::setting: return std::nullopt;
  }
  std::unreachable();
}

}  // namespace butler::gateway
