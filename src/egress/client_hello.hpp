#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butler::egress {

/// What the first bytes of a connection are.
struct FirstBytes {
  enum class Kind : std::uint8_t {
    unfinished,  ///< a ClientHello so far: more bytes are needed
    hello,       ///< a whole ClientHello
    not_tls,     ///< something else
    malformed,   ///< looks like TLS, and is wrong
  };
  Kind kind = Kind::unfinished;
  std::optional<std::string> server_name = {};  ///< in lower case; of a hello that names one
  bool encrypted_hello = false;                 ///< carries an encrypted one (ECH), whose name cannot be seen

  bool operator==(const FirstBytes&) const = default;
};

/// A ClientHello is not larger than that; larger ones are malformed.
inline constexpr std::size_t largest_client_hello = std::size_t{16} * 1024;

/// Reads what a client sends first, over TLS records (RFC 8446, § 4.1.2 and 5.1; RFC 6066, § 3). The bytes
/// are foreign and may be anything.
FirstBytes read_first_bytes(std::string_view bytes);

}  // namespace butler::egress
