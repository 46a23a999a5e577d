#include "gateway/wording_people.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/markdown_code.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::wording {

namespace {

constexpr std::size_t longest_person_name = 40;

/// What somebody else chose to be called: on one line, with nothing hidden in it, not too long.
std::string safe_name(std::string_view name) {
  std::string visible = domain::make_visible(name);
  std::ranges::replace(visible, '\n', ' ');
  return domain::shorten(visible, longest_person_name);
}

std::string deep_link(std::string_view bot_username, std::string_view code) {
  return fmt::format("https://t.me/{}?start={}", bot_username, code);
}

std::string person_line(Language language, const PairedPerson& person, domain::Timestamp now) {
  const std::string name = person_name(language, person.person);
  const std::string time = age(language, now - person.since);
  const std::int64_t id = person.person.id;
  if (!person.paired_by) {
    return say(language, "people.paired_by_operator", {{"name", name}, {"time", time}, {"id", id}});
  }
  return say(language, "people.paired_by_owner",
             {{"name", name}, {"time", time}, {"owner", *person.paired_by}, {"id", id}});
}

std::string code_line(Language language, const PairingCode& code, domain::Timestamp now) {
  const std::string time = age(language, now - code.created_at);
  if (!code.asked_by)
    return say(language, "people.code_of_invitation", {{"code", code.code}, {"time", time}});
  return say(language, "people.code_for_person",
             {{"name", person_name(language, *code.asked_by)}, {"time", time}, {"code", code.code}});
}

}  // namespace

std::string person_name(Language language, const telegram::Person& person) {
  const std::string name =
      person.first_name.empty() ? say(language, "people.somebody") : safe_name(person.first_name);
  if (person.username.empty()) return fmt::format("{} (id {})", name, person.id);
  return fmt::format("{} (@{}, id {})", name, safe_name(person.username), person.id);
}

std::string unnamed_person(Language language, std::string_view person_id) {
  return say(language, "people.unnamed", {{"id", person_id}});
}

std::string your_pairing_code(Language language, std::int64_t person_id, std::string_view code) {
  return say(language, "people.your_pairing_code", {{"code", code}, {"id", person_id}});
}

std::string owner_has_to_approve(Language language) { return say(language, "people.owner_has_to_approve"); }
std::string too_many_waiting(Language language) { return say(language, "people.too_many_waiting"); }
std::string wrong_code(Language language) { return say(language, "people.wrong_code"); }
std::string too_many_wrong_codes(Language language) { return say(language, "people.too_many_wrong_codes"); }

std::string you_are_in(Language language, std::string_view first_name) {
  const std::string welcome = first_name.empty()
                                  ? say(language, "people.welcome")
                                  : say(language, "people.welcome_name", {{"name", safe_name(first_name)}});
  return welcome + " " + say(language, "people.you_are_in");
}

std::string pairing_request(Language language, const telegram::Person& stranger, std::string_view code,
                            std::string_view bot_username) {
  std::string text = say(language, "people.pairing_request", {{"name", person_name(language, stranger)}});
  if (domain::mixes_lookalikes(stranger.first_name)) text += " " + say(language, "people.imitates");
  return text + "\n\n" +
         say(language, "people.pairing_how", {{"link", deep_link(bot_username, code)}, {"code", code}});
}

std::string person_is_in(Language language, const telegram::Person& person) {
  return say(language, "people.is_in", {{"name", person_name(language, person)}, {"id", person.id}});
}

std::string invitation_was_used(Language language, const telegram::Person& person) {
  return say(language, "people.invitation_was_used",
             {{"name", person_name(language, person)}, {"id", person.id}});
}

std::string invitation(Language language, std::string_view code, std::string_view bot_username) {
  return say(language, "people.invitation", {{"link", deep_link(bot_username, code)}, {"code", code}});
}

std::string invitation_is_for_others(Language language) {
  return say(language, "people.invitation_is_for_others");
}

std::string too_many_invitations(Language language) { return say(language, "people.too_many_invitations"); }

std::string pairings(Language language, const std::vector<PairingCode>& codes,
                     const std::vector<PairedPerson>& people, domain::Timestamp now) {
  std::string text =
      codes.empty() ? say(language, "people.nobody_waits") : say(language, "people.waiting") + "\n";
  for (const PairingCode& code : codes) text += "\n" + code_line(language, code, now);
  text += "\n\n";
  text += people.empty() ? say(language, "people.nobody_is_paired") : say(language, "people.paired") + "\n";
  for (const PairedPerson& person : people) text += "\n" + person_line(language, person, now);
  return text + "\n\n" + say(language, "people.invite");
}

std::string which_code(Language language) { return say(language, "people.which_code"); }
std::string which_person(Language language) { return say(language, "people.which_person"); }

std::string not_paired(Language language, std::int64_t person_id) {
  return say(language, "people.not_paired", {{"id", person_id}});
}

std::string still_configured(Language language, std::int64_t person_id) {
  return say(language, "people.still_configured", {{"id", person_id}});
}

std::string unpaired(Language language, std::int64_t person_id, std::size_t stopped,
                     const std::vector<std::string>& left) {
  std::string text = say(language, "people.unpaired", {{"id", person_id}});
  if (stopped > 0) text += " " + say(language, "people.unpaired_stopped", {{"count", stopped}});
  if (left.empty()) return text;
  text += " " + say(language, "people.unpaired_left");
  for (const std::string& short_id : left) text += fmt::format("\n/abort {}", short_id);
  return text;
}

std::string refusal(Language language, domain::Permission permission) {
  switch (permission) {
    case domain::Permission::granted: return "";
    case domain::Permission::owners_only: return say(language, "rules.owners_only");
    case domain::Permission::in_private_only: return say(language, "rules.in_private_only");
  }
  return "";
}

std::string too_fast(Language language, std::chrono::milliseconds wait) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  return say(language, "rules.too_fast", {{"seconds", seconds}});
}

std::string owner_is_asked(Language language, std::string_view command, std::string_view short_id) {
  return say(language, "rules.owner_is_asked") + "\n\n" + code_block(domain::make_visible(command)) + "\n\n" +
         say(language, "rules.take_back", {{"id", short_id}});
}

std::string approval_request_of(Language language, std::string_view requester, std::string_view command,
                                std::string_view short_id) {
  return say(language, "rules.asks_for_run", {{"name", code_span(requester)}}) + "\n\n" +
         approval_request(language, command, short_id);
}

std::string refused_for(Language language, std::string_view short_id) {
  return say(language, "jobs.refused_for", {{"id", short_id}});
}

std::string stopped_for(Language language, std::string_view short_id) {
  return say(language, "jobs.stopped_for", {{"id", short_id}});
}

}  // namespace butler::gateway::wording
