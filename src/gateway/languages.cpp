#include "gateway/languages.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t longest_code = 35;  // RFC 5646, section 4.4.1

}  // namespace

wording::Language Languages::of(const telegram::Person& person) const {
  if (fixed_) return *fixed_;
  return person.language_code.empty() ? of_person(person.id) : wording::language_of(person.language_code);
}

wording::Language Languages::of_person(std::int64_t person_id) const {
  return of_lane({.chat_id = person_id});
}

wording::Language Languages::of_lane(Lane lane) const {
  return fixed_ ? *fixed_ : wording::language_of(records_.language_code(lane.chat_id));
}

void Languages::note(const telegram::Person& person, std::int64_t chat_id, domain::Timestamp now) {
  if (person.language_code.empty() || person.language_code.size() > longest_code) return;
  keep(person.id, person, now);
  if (chat_id != person.id) keep(chat_id, person, now);
}

void Languages::keep(std::int64_t chat_id, const telegram::Person& person, domain::Timestamp now) {
  if (records_.language_code(chat_id) == person.language_code) return;
  records_.set_language_code(chat_id, person.language_code, now);
}

}  // namespace butler::gateway
