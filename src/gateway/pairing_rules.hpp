#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "domain/permissions.hpp"
#include "gateway/people_records.hpp"

namespace butler::gateway {

/// How people get in, in figures.
struct PairingLimits {
  std::chrono::minutes valid{60};
  std::size_t pending_of_person = 3;
  std::size_t pending_in_all = 20;
  std::size_t invitations = 20;
  std::chrono::minutes counted{60};  ///< how long a wrong code counts
  std::size_t wrong_of_person = 5;   ///< within `counted`; no further code of theirs is looked at then
  std::size_t wrong_in_all = 50;     ///< within `counted`; then strangers' codes are not looked at
};

/// What a stranger who writes to us gets.
enum class Welcome : std::uint8_t {
  a_code,
  word_that_we_are_full,  ///< too many wait already
  silence,                ///< they have a code, and know what to do
};

/// Decides about a stranger. `asks` says that they pressed Start, which is to ask for a (new) code; whatever
/// else they write gets one only while they have none. Pure.
Welcome welcome_stranger(std::int64_t person_id, bool asks, std::span<const PairingCode> codes,
                         const PairingLimits& limits);

/// Whether one more invitation may be made. Pure.
bool may_invite(std::span<const PairingCode> codes, const PairingLimits& limits);

/// Who presents a code: a person, and what they are to us.
struct Presenter {
  std::int64_t person_id = 0;
  std::optional<domain::Role> role = {};  ///< nullopt for a stranger
};

enum class CodeVerdict : std::uint8_t {
  lets_in_asker,      ///< an owner presents what somebody asked for
  lets_in_presenter,  ///< a stranger presents an invitation
  needs_owner,        ///< a stranger presents what they asked for themselves
  is_for_others,      ///< an invitation, presented by somebody who is in already
  wrong,              ///< no code, or none that is good for this presenter: counts
  too_many,           ///< after too many wrong ones: not looked at, and counts once more
  ignored,            ///< any further one: neither looked at nor answered
};

struct CodeDecision {
  CodeVerdict verdict = CodeVerdict::wrong;
  const PairingCode* code = nullptr;  ///< the one of `codes` that was meant, unless wrong or not looked at
};

/// Decides about a code that was presented. Compares in constant time, and looks at nothing once too many
/// were wrong. Pure.
///
/// @param typed  as read_pairing_code() has it; nullopt for what cannot be a code
/// @param codes  those on record; what has expired by `now` is not good
CodeDecision decide_code(const std::optional<std::string>& typed, std::span<const PairingCode> codes,
                         const Presenter& presenter, const WrongCodes& wrong, domain::Timestamp now,
                         const PairingLimits& limits);

}  // namespace butler::gateway
