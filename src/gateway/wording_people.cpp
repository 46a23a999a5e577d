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

std::string paired_by(const PairedPerson& person) {
  return person.paired_by ? fmt::format("by {}", *person.paired_by) : "by the operator";
}

std::string code_line(const PairingCode& code, domain::Timestamp now) {
  const std::string since = age(now - code.created_at);
  if (!code.asked_by) return fmt::format("{} · invitation for one person, made {} ago", code.code, since);
  return fmt::format("{} · for {} · /approvepair {}", person_name(*code.asked_by), since, code.code);
}

}  // namespace

std::string person_name(const telegram::Person& person) {
  const std::string name = person.first_name.empty() ? "Somebody" : safe_name(person.first_name);
  if (person.username.empty()) return fmt::format("{} (id {})", name, person.id);
  return fmt::format("{} (@{}, id {})", name, safe_name(person.username), person.id);
}

std::string your_pairing_code(std::int64_t person_id, std::string_view code) {
  return fmt::format(
      "I am a private assistant and don't know you yet. I told my owner that you are here; your code is {}, "
      "and it is good for an hour. If you know my owner, send it to them, so that they can be sure that it "
      "is you. Your id is {}.",
      code, person_id);
}

std::string owner_has_to_approve() {
  return "That is your own code: my owner has to approve it. You will hear from me then.";
}

std::string too_many_waiting() {
  return "I am a private assistant, and too many people are waiting to be let in. Please try again in an "
         "hour, or ask my owner for an invitation.";
}

std::string wrong_code() {
  return "That code is not good, or not any more. They last for an hour and work once.";
}

std::string too_many_wrong_codes() {
  return "Those were too many wrong codes. I'll look at the next one in an hour.";
}

std::string you_are_in(std::string_view first_name) {
  const std::string hello =
      first_name.empty() ? "Welcome!" : fmt::format("Welcome, {}!", safe_name(first_name));
  return hello +
         " You are in. Tell me in plain words what you need, and I'll get to work. /help shows the rest.";
}

std::string pairing_request(const telegram::Person& stranger, std::string_view code,
                            std::string_view bot_username) {
  std::string text = fmt::format("{} wants to use me.", person_name(stranger));
  if (domain::mixes_lookalikes(stranger.first_name))
    text += " Careful: the name holds letters that only look like Latin ones.";
  return text + fmt::format(
                    "\n\nTo let them in, open {1} or write /approvepair {0}\n\nIf you don't know them, do "
                    "nothing: the code ends in an hour.",
                    code, deep_link(bot_username, code));
}

std::string person_is_in(const telegram::Person& person) {
  return fmt::format("{} is in. /unpair {} takes that back.", person_name(person), person.id);
}

std::string invitation_was_used(const telegram::Person& person) {
  return fmt::format("{} used an invitation and is in. /unpair {} takes that back.", person_name(person),
                     person.id);
}

std::string invitation(std::string_view code, std::string_view bot_username) {
  return fmt::format(
      "An invitation for one person, good for an hour: whoever opens it first is in, so send it to nobody "
      "else.\n\n{}\n\nOr they write to me: /start {}",
      deep_link(bot_username, code), code);
}

std::string invitation_is_for_others() {
  return "You are in already. Send that invitation to the one you want to let in: it works once.";
}

std::string too_many_invitations() {
  return "There are many open invitations already. They end within an hour; /pairings shows them.";
}

std::string pairings(const std::vector<PairingCode>& codes, const std::vector<PairedPerson>& people,
                     domain::Timestamp now) {
  std::string text = codes.empty() ? "Nobody is waiting to be let in." : "Waiting:\n";
  for (const PairingCode& code : codes) text += "\n" + code_line(code, now);
  text += people.empty() ? "\n\nNobody is paired." : "\n\nPaired:\n";
  for (const PairedPerson& person : people) {
    text += fmt::format("\n{} · for {}, {} · /unpair {}", person_name(person.person), age(now - person.since),
                        paired_by(person), person.person.id);
  }
  return text + "\n\n/pairings invite makes an invitation for one person.";
}

std::string which_code() { return "Which code? Write it after the command: /approvepair K7QM-2XWP"; }

std::string which_person() {
  return "Who? Write their id after the command, as /pairings shows it: /unpair 4242";
}

std::string not_paired(std::int64_t person_id) {
  return fmt::format("{} is not paired. /pairings shows who is.", person_id);
}

std::string still_configured(std::int64_t person_id) {
  return fmt::format(
      "{} is named by the configuration (TG_OWNER_IDS or TG_ALLOW_FROM). Take them out there and restart me.",
      person_id);
}

std::string unpaired(std::int64_t person_id, std::size_t stopped, const std::vector<std::string>& left) {
  std::string text = fmt::format("{} is out: I don't listen to them any more.", person_id);
  if (stopped == 1) text += " Their open job was stopped.";
  if (stopped > 1) text += fmt::format(" Their {} open jobs were stopped.", stopped);
  if (left.empty()) return text;
  text += " These could not be stopped, because my orchestrator did not answer:";
  for (const std::string& short_id : left) text += fmt::format("\n/abort {}", short_id);
  return text;
}

std::string refusal(domain::Permission permission) {
  switch (permission) {
    case domain::Permission::granted: return "";
    case domain::Permission::owners_only: return "Only my owner can do that.";
    case domain::Permission::in_private_only:
      return "That is not for a group. Please write it to me in our private chat.";
  }
  return "";
}

std::string too_fast(std::chrono::milliseconds wait) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  return fmt::format("That was a lot at once. Please send it again in {} s; until then I leave it.", seconds);
}

std::string owner_is_asked(std::string_view command, std::string_view short_id) {
  return "My owner has to approve this command, and I have asked:\n\n" +
         code_block(domain::make_visible(command)) + fmt::format("\n\n/abort {} takes it back.", short_id);
}

std::string approval_request_of(std::string_view requester, std::string_view command,
                                std::string_view short_id) {
  return fmt::format("{} wants to run a command.\n\n", code_span(requester)) +
         approval_request(command, short_id);
}

std::string refused_for(std::string_view short_id) {
  return fmt::format("Denied {}. It does not run, and they are told.", short_id);
}

std::string stopped_for(std::string_view short_id) {
  return fmt::format("Stopped {}, and they are told.", short_id);
}

}  // namespace butler::gateway::wording
