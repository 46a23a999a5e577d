#pragma once

#include <string>
#include <string_view>

namespace butler::gateway {

/// What a person is told of an error: where it holds what a model's provider answered, as
/// `401: {"error":{"message":"…"}}`, the sentence in it; else the error as it is. The whole stands in a job's
/// details.
std::string reason_for_people(std::string_view error);

}  // namespace butler::gateway
