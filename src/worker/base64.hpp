#pragma once

#include <string>
#include <string_view>

namespace butler::worker {

/// The bytes in the base64 of RFC 4648, in one line. Pure.
std::string to_base64(std::string_view bytes);

}  // namespace butler::worker
