#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"

namespace butler::domain {

/// Where the question whether a tool call may run stands. The names are the wire and database spelling.
enum class ApprovalStatus : std::uint8_t {
  pending,
  allowed,
  denied,
  expired,  ///< nobody decided in time, or nobody needs to any more: the call does not run
};

enum class ApprovalVerdict : std::uint8_t { allow, deny };

/// How far a decision reaches.
enum class ApprovalScope : std::uint8_t {
  once,     ///< this call
  session,  ///< every call with the same payload hash, of the same requester, in the same session
  always,   ///< every call with the same payload hash, of the same requester
};

/// What decide() needs to know of an approval.
struct ApprovalFacts {
  ApprovalStatus status = ApprovalStatus::pending;
  std::optional<ApprovalScope> scope;  ///< of the decision that was made
  std::optional<Timestamp> expires_at;
  std::vector<ApprovalScope> scopes;  ///< which may be chosen
};

/// What becomes of a decision that somebody makes.
enum class DecisionOutcome : std::uint8_t {
  taken,            ///< it is the first
  repeated,         ///< the same was decided before
  already_decided,  ///< another one was faster
  expired,          ///< it comes too late
  not_offered,      ///< this scope may not be chosen
};

/// The one rule of who wins: the first decision, before the approval expires, and only with an offered scope.
DecisionOutcome decide(const ApprovalFacts& facts, ApprovalVerdict verdict, ApprovalScope scope,
                       Timestamp now);

}  // namespace butler::domain
