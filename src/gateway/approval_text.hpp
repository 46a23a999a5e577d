#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"
#include "domain/job.hpp"
#include "gateway/language.hpp"

namespace butler::gateway {

/// The whole input of a tool call as a person reads it, with everything that hides in it made visible: a
/// command, a host with its port or a path as it is, whatever else belongs to it under its name. Pure.
std::string input_in_words(const api::Approval& approval);

/// The question as payloads: one message, and a file with the whole when that is long. `requester` is "" for
/// the one whose job it is. Pure.
std::vector<std::string> tool_request_payloads(wording::Language language, const api::Approval& approval,
                                               const domain::Job& job, std::string_view requester,
                                               std::optional<std::int64_t> reply_to);

/// What the one whose job it is hears while an owner decides. Pure.
std::vector<std::string> owner_is_asked_payloads(wording::Language language, const api::Approval& approval,
                                                 const domain::Job& job,
                                                 std::optional<std::int64_t> reply_to);

}  // namespace butler::gateway
