#pragma once

#include "json/value.hpp"

namespace butler::telegram {

/// The kinds of updates that we ask for ("allowed_updates"), the same for polls and for the webhook: Telegram
/// keeps one list for both, and drops what is not on it when it happens.
json::Array subscribed_updates();

}  // namespace butler::telegram
