#include "gateway/callbacks.hpp"

#include <utility>

#include "gateway/access.hpp"
#include "gateway/describe.hpp"
#include "gateway/wording_buttons.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

std::string toast_about(wording::Language language, PressVerdict verdict, const PressFacts& facts,
                        const std::string& presser) {
  switch (verdict) {
    case PressVerdict::unknown:
    case PressVerdict::elsewhere: return wording::say(language, "buttons.stale");
    case PressVerdict::stranger: return wording::say(language, "buttons.private");
    case PressVerdict::not_theirs: return wording::say(language, "buttons.for_others");
    case PressVerdict::owners_only: return wording::refusal(language, domain::Permission::owners_only);
    case PressVerdict::in_private_only:
      return wording::refusal(language, domain::Permission::in_private_only);
    case PressVerdict::expired: return wording::say(language, "buttons.too_late");
    case PressVerdict::over:
      return wording::button_is_over(language, facts.keyboard ? facts.keyboard->outcome.value_or("") : "");
    case PressVerdict::busy: return wording::button_is_busy(language, presser);
    case PressVerdict::taken: break;
  }
  std::unreachable();
}

/// Racing and repeated taps are nothing to be warned of.
bool is_alert(PressVerdict verdict) { return verdict != PressVerdict::over && verdict != PressVerdict::busy; }

}  // namespace

void Callbacks::take(const telegram::Update& update, domain::Timestamp now) {
  const telegram::CallbackQuery& callback = *update.callback;
  if (!callback.from || callback.from->is_bot) {
    return store_.end_update(update.update_id, InboxState::dropped, "a press by nobody");
  }
  const PressFacts facts = facts_of(callback);
  const PressVerdict verdict = judge_press(facts, rules_.permissions, now);
  if (verdict != PressVerdict::taken) return refuse(update, facts, verdict);
  const Press press{.update_id = update.update_id,
                    .lane = facts.keyboard->audience.lane,
                    .message_id = callback.message->message_id,
                    .person = *callback.from,
                    .role = *facts.role,
                    .place = place_of(*callback.message),
                    .action = facts.button->button.action,
                    .subject = facts.button->button.subject,
                    .now = now};
  log::info("button.pressed", {{"update", update.update_id},
                               {"action", domain::enum_name(press.action)},
                               {"chat", press.lane.chat_id},
                               {"by", press.person.id}});
  // The press shows that the message is there, also when nobody knew what had become of it.
  if (!facts.keyboard->message_id) {
    store_.bind_keyboard(facts.keyboard->id, press.lane, press.message_id);
  }
  obey(press, callback, facts);
}

PressFacts Callbacks::facts_of(const telegram::CallbackQuery& callback) {
  PressFacts facts{.message = callback.message, .accessible = callback.accessible};
  facts.person_id = callback.from->id;
  facts.role = people_.role_of(facts.person_id);
  if (facts.message) facts.chat_id = store_.current_chat(facts.message->chat_id);
  if (!facts.role || callback.data.empty()) return facts;
  facts.button = store_.button(callback.data);
  if (!facts.button) return facts;
  facts.keyboard = store_.keyboard(facts.button->keyboard_id);
  facts.pressed_before = store_.press_in(facts.button->matter).has_value();
  const std::string& subject = facts.button->button.subject;
  const auto asked = store_.approval(subject);
  if (const auto turn = store_.turn_of_job(asked ? asked->job_id : subject)) {
    facts.requester_id = turn->requester_id;
  }
  return facts;
}

void Callbacks::refuse(const telegram::Update& update, const PressFacts& facts, PressVerdict verdict) {
  const auto language = languages_.of(*update.callback->from);
  const auto rival = facts.button ? store_.press_in(facts.button->matter) : std::nullopt;
  const std::string words = toast_about(language, verdict, facts, rival ? rival->person_name : "");
  log::info("button.refused", {{"update", update.update_id},
                               {"why", domain::enum_name(verdict)},
                               {"chat", facts.chat_id},
                               {"by", facts.person_id}});
  end(update.update_id, InboxState::dropped, "a press: " + std::string{domain::enum_name(verdict)},
      update.callback->id, {.text = words, .alert = is_alert(verdict)});
}

void Callbacks::obey(const Press& press, const telegram::CallbackQuery& callback, const PressFacts& facts) {
  switch (press.action) {
    case ButtonAction::setting: return set(press, callback.id, facts);
    case ButtonAction::pair:
    case ButtonAction::refuse_pair: return decide_pairing(press, callback.id);
    case ButtonAction::retry:
      if (within_rate(press, callback.id)) keep(press, callback.id, facts);
      return;
    default: return keep(press, callback.id, facts);
  }
}

void Callbacks::set(const Press& press, const std::string& query_id, const PressFacts& facts) {
  const auto& handler = buttons_.setting_handler();
  const PressOutcome outcome =
      handler ? handler(press)
              : PressOutcome{.toast = wording::say(languages_.of(press.person), "buttons.stale"),
                             .refused = true};
  if (outcome.keyboard) {
    const auto keyboard = store_.keyboard(facts.keyboard->id);
    if (keyboard) buttons_.replace(*keyboard, *outcome.keyboard);
  } else if (!outcome.refused) {
    buttons_.used(facts.button->matter);
  }
  end(press.update_id, InboxState::done, "", query_id, {.text = outcome.toast, .alert = outcome.refused});
}

void Callbacks::decide_pairing(const Press& press, const std::string& query_id) {
  const auto news = press.action == ButtonAction::pair
                        ? pairing_.let_in_asker(press.person, press.subject, press.now)
                        : pairing_.refuse_asker(press.person, press.subject, press.now);
  end(press.update_id, InboxState::done, "", query_id,
      {.text = news.value_or(wording::say(languages_.of(press.person), "buttons.too_late")), .alert = !news});
}

bool Callbacks::within_rate(const Press& press, const std::string& query_id) {
  const domain::RateLimit& limit = rules_.rate_limit;
  const auto earlier = store_.requests_since(press.person.id, press.now - limit.window);
  const auto wait = domain::wait_for_rate(earlier, press.now, limit);
  if (!wait) return true;
  end(press.update_id, InboxState::dropped, "too many requests", query_id,
      {.text = wording::too_fast(languages_.of(press.person), *wait), .alert = true});
  return false;
}

/// It overtakes what waits in the chat, like the command in words.
void Callbacks::keep(const Press& press, const std::string& query_id, const PressFacts& facts) {
  store_.add_press({.matter = facts.button->matter,
                    .update_id = press.update_id,
                    .token = facts.button->token,
                    .person_name = wording::button_person(press.person)});
  store_.keep_as_control(press.update_id, press.lane.chat_id);
  store_.after_commit([this, press, query_id] {
    answers_.expect(query_id, wording::say(languages_.of(press.person), "buttons.one_moment"));
    control_kept_(press.lane.chat_id);
  });
}

void Callbacks::end(std::int64_t update_id, InboxState state, std::string_view note,
                    const std::string& query_id, CallbackAnswers::Toast toast) {
  store_.end_update(update_id, state, note);
  store_.after_commit(
      [this, query_id, toast = std::move(toast)]() mutable { answers_.answer(query_id, std::move(toast)); });
}

}  // namespace butler::gateway
