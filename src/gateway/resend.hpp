#pragma once

#include <string>

#include "gateway/language.hpp"

/// Other forms of a message that Telegram refused. Payloads are the stored JSON of
/// telegram::message_payload(). Pure.
namespace butler::gateway {

/// The text without its entities.
std::string without_entities(const std::string& payload);

/// For outside of a topic that is gone: a line in front says where it belongs, if the text has room for it.
std::string outside_of_topic(wording::Language language, const std::string& payload);

/// As no reply to anything.
std::string without_reply(const std::string& payload);

/// The text as a file.
std::string as_document(wording::Language language, const std::string& payload);

}  // namespace butler::gateway
