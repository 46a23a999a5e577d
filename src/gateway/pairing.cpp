#include "gateway/pairing.hpp"

#include <algorithm>

#include "gateway/keyboards.hpp"
#include "gateway/pairing_code.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording_buttons.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace {

using domain::Timestamp;

/// Ids of rows may come again once they are deleted; with the time they name one code for ever.
std::string source_of(const PairingCode& code, std::string_view what, std::int64_t person_id) {
  return "pairing:" + std::to_string(code.id) + ":" +
         std::to_string(code.created_at.time_since_epoch().count()) + ":" + std::string{what} + ":" +
         std::to_string(person_id);
}

}  // namespace

Pairing::Reply Pairing::meet(const telegram::Person& stranger, bool asks, Timestamp now) {
  const auto codes = store_.pairing_codes(now);
  const Welcome welcome = welcome_stranger(stranger.id, asks, codes, limits_);
  if (welcome == Welcome::silence) return std::nullopt;
  const auto language = languages_.of(stranger);
  if (welcome == Welcome::word_that_we_are_full) {
    log::warn("pairing.full", {{"person", stranger.id}});
    const bool may = store_.may_tell(Telling::too_many_waiting, stranger.id, now - limits_.valid, now);
    return may ? Reply{wording::too_many_waiting(language)} : std::nullopt;
  }
  PairingCode code{
      .code = new_code(), .asked_by = stranger, .created_at = now, .expires_at = now + limits_.valid};
  languages_.note(stranger, stranger.id, now);  // they hear from us again
  code.id = store_.add_pairing_code(code);
  log::info("pairing.asked", {{"person", stranger.id}});
  for (const std::int64_t owner : people_.owners()) {
    const auto language_of_owner = languages_.of_person(owner);
    queue_with_keyboard(outbox_, buttons_,
                        {.source = source_of(code, "asked", owner),
                         .kind = MessageKind::approval,
                         .to = {.chat_id = owner},
                         .payloads = plain_payloads(wording::pairing_request(language_of_owner, stranger,
                                                                             code.code, bot_.username))},
                        pairing_keyboard(language_of_owner, code.code), {.expires_at = code.expires_at});
  }
  return wording::your_pairing_code(language, stranger.id, code.code);
}

Pairing::Reply Pairing::present(const telegram::Person& presenter, std::string_view typed, Timestamp now) {
  auto codes = store_.pairing_codes(now);
  std::erase_if(codes, [this](const PairingCode& code) {  // an invitation is worth what its owner is
    return code.invited_by && people_.role_of(*code.invited_by) != domain::Role::owner;
  });
  const CodeDecision decision =
      decide_code(read_pairing_code(typed), codes, {presenter.id, people_.role_of(presenter.id)},
                  store_.wrong_codes(presenter.id, now - limits_.counted), now, limits_);
  return obey(decision, presenter, now);
}

Pairing::Reply Pairing::obey(const CodeDecision& decision, const telegram::Person& presenter, Timestamp now) {
  const auto language = languages_.of(presenter);
  switch (decision.verdict) {
    case CodeVerdict::lets_in_asker:
      return let_in(*decision.code, *decision.code->asked_by, presenter.id, presenter.first_name, now);
    case CodeVerdict::lets_in_presenter:
      return let_in(*decision.code, presenter, decision.code->invited_by, "", now);
    case CodeVerdict::needs_owner: return wording::owner_has_to_approve(language);
    case CodeVerdict::is_for_others: return wording::invitation_is_for_others(language);
    case CodeVerdict::wrong:
      log::warn("pairing.wrong_code", {{"person", presenter.id}});
      store_.add_wrong_code(presenter.id, now);
      return wording::wrong_code(language);
    case CodeVerdict::too_many:
      log::warn("pairing.too_many_wrong_codes", {{"person", presenter.id}});
      store_.add_wrong_code(presenter.id, now);
      return wording::too_many_wrong_codes(language);
    case CodeVerdict::ignored: return std::nullopt;
  }
  return std::nullopt;
}

/// Returns what the one hears who did it: the owner who approved, or the person who opened an invitation.
std::string Pairing::let_in(const PairingCode& code, const telegram::Person& person,
                            std::optional<std::int64_t> paired_by, std::string_view by_name, Timestamp now) {
  store_.add_paired({.person = person, .paired_by = paired_by, .since = now});
  forget_codes_of(
      person.id,
      [&](Lane lane) {
        return wording::let_in_outcome(buttons_.language(lane), wording::button_person(by_name));
      },
      now);
  store_.remove_pairing_code(code.id);
  log::info("pairing.paired", {{"person", person.id}, {"by", paired_by.value_or(0)}});
  const auto news = [&](wording::Language language) {
    return code.is_invitation() ? wording::invitation_was_used(language, person)
                                : wording::person_is_in(language, person);
  };
  for (const std::int64_t owner : people_.owners()) {
    const bool did_it_here = !code.is_invitation() && owner == paired_by;
    if (!did_it_here)
      tell(owner, source_of(code, "paired", owner), MessageKind::notice, news(languages_.of_person(owner)));
  }
  if (code.is_invitation()) return wording::you_are_in(languages_.of(person), person.first_name);
  tell(person.id, source_of(code, "paired", person.id), MessageKind::answer,
       wording::you_are_in(languages_.of(person), person.first_name));
  return news(languages_.of_person(paired_by.value_or(0)));
}

std::string Pairing::invite(std::int64_t owner_id, Timestamp now) {
  const auto language = languages_.of_person(owner_id);
  if (!may_invite(store_.pairing_codes(now), limits_)) return wording::too_many_invitations(language);
  const PairingCode code{
      .code = new_code(), .invited_by = owner_id, .created_at = now, .expires_at = now + limits_.valid};
  store_.add_pairing_code(code);
  log::info("pairing.invited", {{"by", owner_id}});
  return wording::invitation(language, code.code, bot_.username);
}

std::string Pairing::list(wording::Language language, Timestamp now) {
  return wording::pairings(language, store_.pairing_codes(now), store_.paired_people(), now);
}

bool Pairing::approve_as_operator(std::string_view typed, Timestamp now) {
  const auto wanted = read_pairing_code(typed);
  const auto codes = store_.pairing_codes(now);
  const auto code = std::ranges::find_if(
      codes, [&](const auto& one) { return !one.is_invitation() && one.code == wanted; });
  if (code == codes.end()) return false;
  let_in(*code, *code->asked_by, std::nullopt, "", now);
  return true;
}

std::optional<PairingCode> Pairing::asked_for(std::string_view code, Timestamp now) {
  for (PairingCode& one : store_.pairing_codes(now)) {
    if (!one.is_invitation() && one.code == code) return std::move(one);
  }
  return std::nullopt;
}

Pairing::Reply Pairing::let_in_asker(const telegram::Person& owner, std::string_view code, Timestamp now) {
  const auto asked = asked_for(code, now);
  if (!asked) return std::nullopt;
  return let_in(*asked, *asked->asked_by, owner.id, owner.first_name, now);
}

Pairing::Reply Pairing::refuse_asker(const telegram::Person& owner, std::string_view code, Timestamp now) {
  const auto asked = asked_for(code, now);
  if (!asked) return std::nullopt;
  const telegram::Person& person = *asked->asked_by;
  forget_codes_of(
      person.id,
      [&](Lane lane) {
        return wording::refused_outcome(buttons_.language(lane), wording::button_person(owner));
      },
      now);
  log::info("pairing.refused", {{"person", person.id}, {"by", owner.id}});
  tell(person.id, source_of(*asked, "refused", person.id), MessageKind::notice,
       wording::say(buttons_.language({.chat_id = person.id}), "buttons.you_are_not_let_in"));
  return wording::say(buttons_.language({.chat_id = owner.id}), "buttons.refused_entry",
                      {{"name", wording::button_person(person)}});
}

void Pairing::forget_codes_of(std::int64_t person_id, const Buttons::Label& outcome, Timestamp now) {
  for (const PairingCode& code : store_.pairing_codes(now)) {
    if (!code.asked_by || code.asked_by->id != person_id) continue;
    buttons_.decided(pairing_matter(code.code), outcome);
  }
  store_.remove_pairing_codes_of(person_id);
}

bool Pairing::remove(std::int64_t person_id) {
  bool removed = false;
  store_.unit([&] {
    forget_codes_of(
        person_id, [this](Lane lane) { return wording::say(buttons_.language(lane), "buttons.not_needed"); },
        domain::wall_clock_now());
    removed = store_.remove_paired(person_id);
  });
  if (removed) log::info("pairing.removed", {{"person", person_id}});
  return removed;
}

std::string Pairing::new_code() { return pairing_code(process::random_bytes<5>()); }

void Pairing::tell(std::int64_t person_id, const std::string& source, MessageKind kind,
                   const std::string& text) {
  outbox_.queue(
      {.source = source, .kind = kind, .to = {.chat_id = person_id}, .payloads = plain_payloads(text)});
}

}  // namespace butler::gateway
