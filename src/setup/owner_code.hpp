#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"
#include "telegram/update.hpp"

namespace butler::setup {

/// Who sent the code.
struct Owner {
  std::int64_t id = 0;
  std::string name = {};  ///< as they call themselves; not to be trusted, nor printed as it is
};

/// The code that makes whoever sends it to the bot its owner: "/start <code>", in a private chat. 50 bits of
/// the system's CSPRNG in ten digits and letters of Crockford's base 32, in lower case; it is no pairing code
/// (eight of them), so that a gateway that sees it later only says hello.
class OwnerCode {
 public:
  using Random = std::array<std::uint8_t, 7>;

  OwnerCode(const Random& random, domain::Timestamp expires);

  const std::string& text() const { return text_; }

  /// Whether this update is the code, sent by a person for themselves, in time. Letters that look like digits
  /// count as these. True once.
  std::optional<Owner> present(const telegram::Update& update, std::string_view bot_name,
                               domain::Timestamp now);

 private:
  std::string text_;
  domain::Timestamp expires_;
  bool used_ = false;
};

}  // namespace butler::setup
