#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"
#include "domain/job.hpp"
#include "gateway/buttons.hpp"
#include "gateway/outbox_sender.hpp"

/// The keyboards under what Butler says about jobs, tool calls and people.
namespace butler::gateway {

/// How long a failure can be asked about, and a list of jobs be used, by button.
constexpr std::chrono::days failure_keyboard_kept{7};
constexpr std::chrono::days status_keyboard_kept{1};
/// And settings be changed: a keyboard without an end would be kept for ever.
constexpr std::chrono::days settings_keyboard_kept{30};

// Pure; the labels in that language.
Keyboard job_approval_keyboard(wording::Language language, const std::string& job_id);
/// Only with the scopes that are offered.
Keyboard tool_approval_keyboard(wording::Language language, const api::Approval& approval);
Keyboard pairing_keyboard(wording::Language language, const std::string& code);
Keyboard failure_keyboard(wording::Language language, const std::string& job_id);
/// Under the word that a job waits; `alone`: it is about this one only.
Keyboard waiting_keyboard(wording::Language language, const std::string& job_id, bool alone);
/// What can be done about a job now; without rows for nothing.
Keyboard job_keyboard(wording::Language language, const domain::Job& job);
/// To stop one of some jobs.
Keyboard stop_keyboard(wording::Language language, const std::vector<domain::Job>& jobs);

/// Queues a message with a keyboard under its last text; the audience's lane is where it goes. False when
/// messages of its source are there already.
bool queue_with_keyboard(OutboxSender& outbox, Buttons& buttons, Outgoing message, const Keyboard& keyboard,
                         Audience audience = {});

/// A job as it is now: if it does not wait for its approval any more, the keyboards that asked for it show
/// what came of it.
void show_job_decision(Buttons& buttons, GatewayStore& store, const domain::Job& job);

}  // namespace butler::gateway
