#include "gateway/pairing.hpp"

#include <algorithm>

#include "gateway/pairing_code.hpp"
#include "gateway/reply.hpp"
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
  if (welcome == Welcome::word_that_we_are_full) {
    log::warn("pairing.full", {{"person", stranger.id}});
    const bool may = store_.may_tell(Telling::too_many_waiting, stranger.id, now - limits_.valid, now);
    return may ? Reply{wording::too_many_waiting()} : std::nullopt;
  }
  PairingCode code{
      .code = new_code(), .asked_by = stranger, .created_at = now, .expires_at = now + limits_.valid};
  code.id = store_.add_pairing_code(code);
  log::info("pairing.asked", {{"person", stranger.id}});
  for (const std::int64_t owner : people_.owners()) {
    tell(owner, source_of(code, "asked", owner), MessageKind::approval,
         wording::pairing_request(stranger, code.code, bot_.username));
  }
  return wording::your_pairing_code(stranger.id, code.code);
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
  switch (decision.verdict) {
    case CodeVerdict::lets_in_asker:
      return let_in(*decision.code, *decision.code->asked_by, presenter.id, now);
    case CodeVerdict::lets_in_presenter:
      return let_in(*decision.code, presenter, decision.code->invited_by, now);
    case CodeVerdict::needs_owner: return wording::owner_has_to_approve();
    case CodeVerdict::is_for_others: return wording::invitation_is_for_others();
    case CodeVerdict::wrong:
      log::warn("pairing.wrong_code", {{"person", presenter.id}});
      store_.add_wrong_code(presenter.id, now);
      return wording::wrong_code();
    case CodeVerdict::too_many:
      log::warn("pairing.too_many_wrong_codes", {{"person", presenter.id}});
      store_.add_wrong_code(presenter.id, now);
      return wording::too_many_wrong_codes();
    case CodeVerdict::ignored: return std::nullopt;
  }
  return std::nullopt;
}

/// Returns what the one hears who did it: the owner who approved, or the person who opened an invitation.
std::string Pairing::let_in(const PairingCode& code, const telegram::Person& person,
                            std::optional<std::int64_t> paired_by, Timestamp now) {
  store_.add_paired({.person = person, .paired_by = paired_by, .since = now});
  store_.remove_pairing_code(code.id);
  store_.remove_pairing_codes_of(person.id);
  log::info("pairing.paired", {{"person", person.id}, {"by", paired_by.value_or(0)}});
  const std::string news =
      code.is_invitation() ? wording::invitation_was_used(person) : wording::person_is_in(person);
  for (const std::int64_t owner : people_.owners()) {
    const bool did_it_here = !code.is_invitation() && owner == paired_by;
    if (!did_it_here) tell(owner, source_of(code, "paired", owner), MessageKind::notice, news);
  }
  if (code.is_invitation()) return wording::you_are_in(person.first_name);
  tell(person.id, source_of(code, "paired", person.id), MessageKind::answer,
       wording::you_are_in(person.first_name));
  return news;
}

std::string Pairing::invite(std::int64_t owner_id, Timestamp now) {
  if (!may_invite(store_.pairing_codes(now), limits_)) return wording::too_many_invitations();
  const PairingCode code{
      .code = new_code(), .invited_by = owner_id, .created_at = now, .expires_at = now + limits_.valid};
  store_.add_pairing_code(code);
  log::info("pairing.invited", {{"by", owner_id}});
  return wording::invitation(code.code, bot_.username);
}

std::string Pairing::list(Timestamp now) {
  return wording::pairings(store_.pairing_codes(now), store_.paired_people(), now);
}

bool Pairing::approve_as_operator(std::string_view typed, Timestamp now) {
  const auto wanted = read_pairing_code(typed);
  const auto codes = store_.pairing_codes(now);
  const auto code = std::ranges::find_if(
      codes, [&](const auto& one) { return !one.is_invitation() && one.code == wanted; });
  if (code == codes.end()) return false;
  let_in(*code, *code->asked_by, std::nullopt, now);
  return true;
}

bool Pairing::remove(std::int64_t person_id) {
  bool removed = false;
  store_.unit([&] {
    store_.remove_pairing_codes_of(person_id);
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
