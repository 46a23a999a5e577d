#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/job_activity.hpp"
#include "domain/job.hpp"
#include "domain/permissions.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"

/// What Butler says about sessions, and in answer to the commands about jobs and the whole house. Plain text.
/// Pure.
namespace butler::gateway::wording {

// Sessions.
std::string fresh_session(Language language, std::int64_t generation);

/// What was done in a session.
struct SessionWork {
  std::vector<domain::JobStatus> jobs = {};
  domain::Usage usage = {};
  bool complete = true;  ///< false: there were more jobs than were looked at
};

/// Whose memory the agent has in a chat.
enum class MemoryOf : std::uint8_t { owners, person, group };

std::string context(Language language, const Session& session, bool in_topic, const SessionWork& work,
                    MemoryOf memory, domain::Timestamp now);

/// What is set for a chat.
struct ChatSettings {
  domain::Role role = domain::Role::person;
  domain::Place place = domain::Place::private_chat;
  domain::PermissionRules permissions = {};
  std::size_t requests_per_minute = 0;  ///< 0: any number
  std::size_t prompt_max_chars = 0;
};
std::string settings(Language language, const ChatSettings& settings);

// Jobs.
std::string no_jobs(Language language);
/// `older`: the id with which /jobs shows the ones before these.
std::string jobs(Language language, const std::vector<std::string>& lines,
                 const std::optional<std::string>& older);
/// "runs bash: make test"; "" when it is not known.
std::string activity_words(Language language, const api::Activity& activity);
/// Everything about one job; `activity` is what it does now, "" when it does nothing.
std::string job_in_full(Language language, const domain::Job& job, std::string_view activity,
                        domain::Timestamp now);

std::string retrying(Language language, std::string_view short_id, domain::JobKind kind);
std::string nothing_to_retry(Language language);
std::string not_over_yet(Language language, std::string_view short_id, domain::JobStatus status);

std::string empty_steer(Language language);
std::string steered(Language language, std::string_view short_id);
/// Nothing runs that /steer could reach.
std::string nothing_to_steer(Language language);
std::string not_started_yet(Language language, std::string_view short_id, domain::JobStatus status);
std::string command_cannot_be_steered(Language language, std::string_view short_id);

// Panic.
std::string panic_usage(Language language);
/// The counts where they are known.
std::string panic_on(Language language, std::optional<std::size_t> stopped,
                     std::optional<std::size_t> queued);
std::string panic_off(Language language, bool was_paused, std::size_t starting);
std::string panic_status(Language language, bool paused, const std::optional<std::string>& reason,
                         std::size_t running, std::size_t queued);

}  // namespace butler::gateway::wording
