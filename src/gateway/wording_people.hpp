#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job.hpp"
#include "domain/permissions.hpp"
#include "domain/timestamp.hpp"
#include "gateway/language.hpp"
#include "gateway/people_records.hpp"
#include "telegram/update.hpp"

/// What Butler says about people: who gets in, and who may do what. Plain text unless it says Markdown. Pure.
namespace butler::gateway::wording {

/// "Bob (@bob, id 4242)": what they call themselves, made visible and short.
std::string person_name(Language language, const telegram::Person& person);
/// Of whom nothing but the id is known.
std::string unnamed_person(Language language, std::string_view person_id);

// To a stranger.
std::string your_pairing_code(Language language, std::int64_t person_id, std::string_view code);
std::string owner_has_to_approve(Language language);
std::string too_many_waiting(Language language);
std::string wrong_code(Language language);
std::string too_many_wrong_codes(Language language);
std::string you_are_in(Language language, std::string_view first_name);

// To owners.
std::string pairing_request(Language language, const telegram::Person& stranger, std::string_view code,
                            std::string_view bot_username);
std::string person_is_in(Language language, const telegram::Person& person);
std::string invitation_was_used(Language language, const telegram::Person& person);
std::string invitation(Language language, std::string_view code, std::string_view bot_username);
std::string invitation_is_for_others(Language language);
std::string too_many_invitations(Language language);
std::string pairings(Language language, const std::vector<PairingCode>& codes,
                     const std::vector<PairedPerson>& people, domain::Timestamp now);
std::string which_code(Language language);
std::string which_person(Language language);
std::string not_paired(Language language, std::int64_t person_id);
std::string still_configured(Language language, std::int64_t person_id);
/// @param stopped  how many of their jobs were
/// @param left     short ids of those that could not be stopped
std::string unpaired(Language language, std::int64_t person_id, std::size_t stopped,
                     const std::vector<std::string>& left);

// About permissions.
/// Why something was not done; "" when it may be.
std::string refusal(Language language, domain::Permission permission);
std::string too_fast(Language language, std::chrono::milliseconds wait);

// About the approval of what somebody else than an owner asks for.
/// Markdown, to the one who asked.
std::string owner_is_asked(Language language, std::string_view command, std::string_view short_id);
/// Markdown, to an owner: the whole command, made visible, and who asks for it.
std::string approval_request_of(Language language, std::string_view requester, std::string_view command,
                                std::string_view short_id);
std::string refused_for(Language language, std::string_view short_id);
std::string stopped_for(Language language, std::string_view short_id);

}  // namespace butler::gateway::wording
