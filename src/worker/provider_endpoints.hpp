#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model_proxy/upstream.hpp"

namespace butler::worker {

/// The value of one of the provider's variables; "" when it is not set.
using VariableOf = std::function<std::string(std::string_view name)>;

/// Where pi 0.87.1's built-in provider of that name is, with each of its protocols: the addresses of its
/// model data (pi-ai's providers/data; a test compares them). Some hold an account or a resource of the
/// user's, which come from variables: the error says which one is missing. Empty for a name that is not built
/// in, or that config::providers() refuses.
std::expected<std::vector<model_proxy::Endpoint>, std::string> provider_endpoints(std::string_view provider,
                                                                                  const VariableOf& variable);

}  // namespace butler::worker
