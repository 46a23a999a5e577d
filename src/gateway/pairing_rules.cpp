#include "gateway/pairing_rules.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace butler::gateway {

namespace {

using domain::Role;

bool asked_by(const PairingCode& code, std::int64_t person_id) {
  return code.asked_by && code.asked_by->id == person_id;
}

bool same_code(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Looks at every code, whichever it is.
const PairingCode* find_good(std::string_view typed, std::span<const PairingCode> codes,
                             domain::Timestamp now) {
  const PairingCode* found = nullptr;
  for (const PairingCode& code : codes) {
    if (same_code(code.code, typed) && now < code.expires_at) found = &code;
  }
  return found;
}

CodeVerdict verdict_on(const PairingCode& code, const Presenter& presenter) {
  if (code.is_invitation())
    return presenter.role ? CodeVerdict::is_for_others : CodeVerdict::lets_in_presenter;
  if (presenter.role == Role::owner) return CodeVerdict::lets_in_asker;
  // What somebody else asked for is answered as if there were no such code.
  return asked_by(code, presenter.person_id) ? CodeVerdict::needs_owner : CodeVerdict::wrong;
}

}  // namespace

Welcome welcome_stranger(std::int64_t person_id, bool asks, std::span<const PairingCode> codes,
                         const PairingLimits& limits) {
  const auto own = static_cast<std::size_t>(
      std::ranges::count_if(codes, [&](const auto& code) { return asked_by(code, person_id); }));
  if (own >= limits.pending_of_person || (own > 0 && !asks)) return Welcome::silence;
  const auto pending = static_cast<std::size_t>(
      std::ranges::count_if(codes, [](const auto& code) { return !code.is_invitation(); }));
  return pending >= limits.pending_in_all ? Welcome::word_that_we_are_full : Welcome::a_code;
}

bool may_invite(std::span<const PairingCode> codes, const PairingLimits& limits) {
  const auto open = std::ranges::count_if(codes, [](const auto& code) { return code.is_invitation(); });
  return static_cast<std::size_t>(open) < limits.invitations;
}

CodeDecision decide_code(const std::optional<std::string>& typed, std::span<const PairingCode> codes,
                         const Presenter& presenter, const WrongCodes& wrong, domain::Timestamp now,
                         const PairingLimits& limits) {
  // Strangers together may not guess much; that must not keep the owners from approving.
  const bool crowd = !presenter.role && wrong.in_all >= limits.wrong_in_all;
  if (wrong.of_person > limits.wrong_of_person) return {.verdict = CodeVerdict::ignored};
  if (wrong.of_person == limits.wrong_of_person || crowd) return {.verdict = CodeVerdict::too_many};
  if (!typed) return {};
  const PairingCode* code = find_good(*typed, codes, now);
  if (code == nullptr) return {};
  const CodeVerdict verdict = verdict_on(*code, presenter);
  return {.verdict = verdict, .code = verdict == CodeVerdict::wrong ? nullptr : code};
}

}  // namespace butler::gateway
