#pragma once

#include <string_view>

#include "config/decode.hpp"

namespace butler::config {

/// Whether a variable's value must never be shown: by the table of variables; else a provider's key, what
/// models.json names, or a name that ends as secrets' names do. Pure.
bool is_secret_name(std::string_view name, const Place& place);

}  // namespace butler::config
