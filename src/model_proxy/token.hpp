#pragma once

#include <string>
#include <string_view>

namespace butler::model_proxy {

/// A random token of 256 bits, in the shape of the provider's key as far as pi looks at it: Anthropic's
/// sign-in keys ("sk-ant-oat…") go into another header than its API keys.
std::string new_token(std::string_view key);

/// Compares in a time that tells nothing of where they differ.
bool same_token(std::string_view a, std::string_view b);

}  // namespace butler::model_proxy
