#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/timestamp.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// Somebody who was let in.
struct PairedPerson {
  telegram::Person person = {};  ///< as they called themselves then; only the id is theirs for good
  std::optional<std::int64_t> paired_by = {};  ///< the owner; nullopt for the operator of the machine
  domain::Timestamp since{};
};

/// A code that lets one person in: asked for by that person and then approved, or made by an owner for
/// whoever opens it. As a row it is good until `expires_at`, and once.
struct PairingCode {
  std::int64_t id = 0;
  std::string code = {};                          ///< as pairing_code.hpp has it
  std::optional<telegram::Person> asked_by = {};  ///< nullopt for an invitation
  std::optional<std::int64_t> invited_by = {};    ///< the owner who made it, for an invitation
  domain::Timestamp created_at{};
  domain::Timestamp expires_at{};

  bool is_invitation() const { return !asked_by; }
};

/// Codes that were none, within the time that counts.
struct WrongCodes {
  std::size_t of_person = 0;
  std::size_t in_all = 0;
};

/// What somebody is told only now and then, however often they give cause.
enum class Telling : std::uint8_t { too_many_waiting, rate_limit };

/// The people in the gateway's memory. The contract of GatewayStore holds: every call is atomic, on disk when
/// it returns, and part of an open unit.
class PeopleRecords {
 public:
  virtual ~PeopleRecords() = default;

  /// Oldest first.
  virtual std::vector<PairedPerson> paired_people() = 0;
  virtual bool is_paired(std::int64_t person_id) = 0;
  /// Lets somebody in, or notes their new name when they are in already.
  virtual void add_paired(const PairedPerson& person) = 0;
  /// False when they were not paired.
  virtual bool remove_paired(std::int64_t person_id) = 0;

  /// Stores a code (its `id` is not used) and returns the row's id.
  virtual std::int64_t add_pairing_code(const PairingCode& code) = 0;
  /// Codes that are still good, oldest first. What has expired is forgotten.
  virtual std::vector<PairingCode> pairing_codes(domain::Timestamp now) = 0;
  virtual void remove_pairing_code(std::int64_t row_id) = 0;
  /// All that this person asked for.
  virtual void remove_pairing_codes_of(std::int64_t person_id) = 0;

  /// Counts a wrong code.
  virtual void add_wrong_code(std::int64_t person_id, domain::Timestamp now) = 0;
  /// Those after `since`; older ones are forgotten.
  virtual WrongCodes wrong_codes(std::int64_t person_id, domain::Timestamp since) = 0;

  /// True, and noted, when the person was not told this since `since`.
  virtual bool may_tell(Telling what, std::int64_t person_id, domain::Timestamp since,
                        domain::Timestamp now) = 0;

  /// When this person sent the requests that were taken from them after `since`.
  virtual std::vector<domain::Timestamp> requests_since(std::int64_t person_id, domain::Timestamp since) = 0;
};

}  // namespace butler::gateway
