#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "telegram/update.hpp"

namespace butler::gateway {

/// The prompt with what the message replies to in front of it, so that the agent knows what "this" is: at
/// most 1 000 characters, marked as a quotation line by line, so that nobody's words become the asker's. The
/// whole stays within `limit` characters; without room, or without a text to quote, it is the prompt alone.
/// Pure.
std::string with_quotation(std::string_view prompt, const telegram::Message& message, std::int64_t bot_id,
                           std::size_t limit);

}  // namespace butler::gateway
