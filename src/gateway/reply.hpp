#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"
#include "json/value.hpp"
#include "render/render.hpp"

namespace butler::gateway {

/// What a chat hears of a job that has ended: at least one part. Pure.
///
/// @param denied  somebody refused it with /deny
std::vector<render::Part> reply_to_job(wording::Language language, const domain::Job& job, bool denied);

/// The parts as telegram::message_payload() JSON. Only the first one replies to `reply_to`.
std::vector<std::string> payloads(std::vector<render::Part> parts, std::optional<std::int64_t> reply_to);

/// The whole answer as payloads: its parts or, when they are many, the first one and a file with the text as
/// the agent wrote it.
std::vector<std::string> answer_payloads(wording::Language language, const domain::Job& job, bool denied,
                                         std::optional<std::int64_t> reply_to);

/// One plain sentence as payloads.
std::vector<std::string> plain_payloads(std::string_view text,
                                        std::optional<std::int64_t> reply_to = std::nullopt);

/// A part's entities as the Bot API takes them.
json::Array entities_of(const render::Part& part);

/// The message that an answer replies to: in groups the one that asked, in private chats none.
std::optional<std::int64_t> reply_target(Lane lane, std::int64_t message_id);

/// The same for a phone that shall not ping.
std::vector<std::string> quiet_payloads(std::string_view text,
                                        std::optional<std::int64_t> reply_to = std::nullopt);

}  // namespace butler::gateway
