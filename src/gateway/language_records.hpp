#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"

namespace butler::gateway {

/// Which language is spoken where, in the gateway's memory. The contract of GatewayStore holds: every call is
/// atomic, on disk when it returns, and part of an open unit.
class LanguageRecords {
 public:
  virtual ~LanguageRecords() = default;

  /// The `language_code` of a chat, or of a person (whose id is their private chat's); "" when it is not
  /// known.
  virtual std::string language_code(std::int64_t chat_id) = 0;
  /// `code` is not empty and has at most 35 characters.
  virtual void set_language_code(std::int64_t chat_id, std::string_view code, domain::Timestamp now) = 0;
};

}  // namespace butler::gateway
