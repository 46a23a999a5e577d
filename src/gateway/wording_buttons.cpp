#include "gateway/wording_buttons.hpp"

#include <algorithm>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"

namespace butler::gateway::wording {

namespace {

constexpr std::size_t longest_name_on_a_button = 24;

}  // namespace

std::string button_person(const telegram::Person& person) { return button_person(person.first_name); }

std::string button_person(std::string_view name) {
  std::string visible = domain::make_visible(name.substr(0, name.rfind(" (")));
  std::ranges::replace(visible, '\n', ' ');
  return domain::shorten(visible, longest_name_on_a_button);
}

std::string approved_outcome(Language language, std::string_view who) {
  return who.empty() ? say(language, "buttons.approved")
                     : say(language, "buttons.approved_by", {{"name", who}});
}

std::string denied_outcome(Language language, std::string_view who) {
  return who.empty() ? say(language, "buttons.denied") : say(language, "buttons.denied_by", {{"name", who}});
}

std::string tool_outcome_label(Language language, const api::Approval& approval, std::string_view who) {
  if (approval.status == domain::ApprovalStatus::denied) return denied_outcome(language, who);
  if (approval.status != domain::ApprovalStatus::allowed) return say(language, "buttons.expired");
  switch (approval.scope.value_or(domain::ApprovalScope::once)) {
    case domain::ApprovalScope::session:
      return who.empty() ? say(language, "buttons.allowed_session")
                         : say(language, "buttons.allowed_session_by", {{"name", who}});
    case domain::ApprovalScope::always:
      return who.empty() ? say(language, "buttons.allowed_always")
                         : say(language, "buttons.allowed_always_by", {{"name", who}});
    case domain::ApprovalScope::once: break;
  }
  return who.empty() ? say(language, "buttons.allowed")
                     : say(language, "buttons.allowed_by", {{"name", who}});
}

std::string let_in_outcome(Language language, std::string_view who) {
  return who.empty() ? say(language, "buttons.let_in") : say(language, "buttons.let_in_by", {{"name", who}});
}

std::string refused_outcome(Language language, std::string_view who) {
  return who.empty() ? say(language, "buttons.not_let_in")
                     : say(language, "buttons.not_let_in_by", {{"name", who}});
}

std::string button_is_over(Language language, std::string_view outcome) {
  return outcome.empty() ? say(language, "buttons.over")
                         : say(language, "buttons.settled", {{"outcome", outcome}});
}

std::string button_is_busy(Language language, std::string_view who) {
  return who.empty() ? say(language, "buttons.busy") : say(language, "buttons.busy_by", {{"name", who}});
}

}  // namespace butler::gateway::wording
