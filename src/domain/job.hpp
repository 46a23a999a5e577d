#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"

namespace butler::domain {

/// What a job asks for: a prompt for the agent, or one shell command.
enum class JobKind : std::uint8_t { task, run };

/// Where a job came from.
enum class Channel : std::uint8_t { telegram, cli, api };

/// Where a job is in its life. The names are the wire and database spelling.
enum class JobStatus : std::uint8_t { needs_approval, queued, running, aborting, completed, failed, aborted };

inline constexpr std::size_t job_status_count = 7;

/// Tokens and money as the agent reports them.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  double cost_usd = 0;

  bool operator==(const Usage&) const = default;
};

/// One request of one person, from its arrival to its answer. Field names on the wire are the same in
/// camelCase.
struct Job {
  std::string id;  ///< UUIDv7
  JobKind kind = JobKind::task;
  JobStatus status = JobStatus::queued;
  std::string prompt;
  Channel channel = Channel::api;
  std::string chat_id;
  std::string requester_id;
  std::optional<std::string> thread_id;
  std::string session_key;
  bool requires_approval = false;
  std::optional<std::map<std::string, std::string>> metadata;
  std::optional<std::string> deliver_to;
  std::optional<std::vector<std::string>> labels;
  /// Names of the artifacts that have to be there before the job is claimed.
  std::optional<std::vector<std::string>> attachments;
  bool abort_requested = false;
  std::optional<std::string> worker_id;
  std::int64_t attempt = 0;  ///< how often it was claimed
  std::int64_t max_attempts = 3;
  std::optional<std::string> result_text;
  std::optional<std::string> error;
  std::optional<Usage> usage;
  Timestamp created_at{};
  Timestamp updated_at{};
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};

}  // namespace butler::domain
