#include "gateway/wording_conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"

namespace butler::gateway::wording {

namespace {

using domain::JobKind;
using domain::JobStatus;

constexpr std::size_t longest_request = 300;
constexpr std::size_t longest_error = 600;

/// 1234567 as "1 234 567".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), " ");
  }
  return digits;
}

bool is_zero(const domain::Usage& usage) { return usage == domain::Usage{}; }

std::string usage_words(Language language, const domain::Usage& usage) {
  const auto read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  std::string text =
      say(language, "sessions.usage", {{"read", grouped(read)}, {"written", grouped(usage.output_tokens)}});
  if (usage.cost_usd > 0) text += fmt::format(", ${:.4f}", usage.cost_usd);
  return text;
}

/// "5 jobs: 4 done, 1 running."
std::string jobs_by_status(Language language, const SessionWork& work) {
  if (work.jobs.empty()) return say(language, "sessions.no_jobs");
  std::string list;
  for (const auto status : {JobStatus::completed, JobStatus::failed, JobStatus::aborted, JobStatus::running,
                            JobStatus::aborting, JobStatus::queued, JobStatus::needs_approval}) {
    const auto count = std::ranges::count(work.jobs, status);
    if (count == 0) continue;
    if (!list.empty()) list += ", ";
    list += fmt::format("{} {}", count, status_words(language, status));
  }
  return say(language, work.complete ? "sessions.jobs" : "sessions.at_least_jobs",
             {{"count", work.jobs.size()}, {"list", list}});
}

std::string memory_words(Language language, MemoryOf memory) {
  switch (memory) {
    case MemoryOf::owners: return say(language, "sessions.memory_of_owners");
    case MemoryOf::person: return say(language, "sessions.memory_of_person");
    case MemoryOf::group: return say(language, "sessions.memory_of_group");
  }
  return "";
}

std::string excerpt(std::string_view text, std::size_t limit) {
  return domain::shorten(domain::make_visible(text), limit);
}

}  // namespace

std::string fresh_session(Language language, std::int64_t generation) {
  return say(language, "sessions.fresh", {{"number", generation}});
}

std::string context(Language language, const Session& session, bool in_topic, const SessionWork& work,
                    MemoryOf memory, domain::Timestamp now) {
  std::string text = say(
      language, in_topic ? "sessions.of_topic" : "sessions.of_chat",
      {{"number", session.generation}, {"time", age(language, now - session.since)}, {"key", session.key}});
  text += "\n" + jobs_by_status(language, work);
  if (!is_zero(work.usage)) text += " " + usage_words(language, work.usage) + ".";
  text += "\n\n" + memory_words(language, memory);
  return text + "\n\n" + say(language, "sessions.new");
}

std::string settings(Language language, const ChatSettings& settings) {
  std::vector<std::string> points;
  points.push_back(role_words(language, settings.role));
  const bool group = settings.place == domain::Place::group;
  points.push_back(say(language, group ? "settings.in_group" : "settings.in_private"));
  points.push_back(say(language, "settings.longest_request", {{"characters", settings.prompt_max_chars}}));
  if (settings.requests_per_minute > 0) {
    points.push_back(say(language, "settings.most_requests", {{"number", settings.requests_per_minute}}));
  }
  const domain::PermissionRules& rules = settings.permissions;
  points.push_back(say(language, rules.run_owner_only ? "settings.run_owners" : "settings.run_everybody"));
  points.push_back(
      say(language, rules.approve_owner_only ? "settings.approve_owners" : "settings.approve_everybody"));
  points.push_back(
      say(language, rules.allow_requester_abort ? "settings.abort_everybody" : "settings.abort_owners"));
  std::string text = say(language, "settings.title") + "\n";
  for (const std::string& point : points) text += "\n• " + point;
  return text + "\n\n" + say(language, "settings.end");
}

std::string no_jobs(Language language) { return say(language, "jobs.none"); }

std::string jobs(Language language, const std::vector<std::string>& lines,
                 const std::optional<std::string>& older) {
  const std::string text = say(language, "jobs.latest", {{"lines", lines_below(lines)}});
  return older ? text + "\n\n" + say(language, "jobs.older", {{"id", *older}}) : text;
}

std::string activity_words(Language language, const api::Activity& activity) {
  using Kind = api::ActivityKind;
  switch (activity.kind) {
    case Kind::unknown: return "";
    case Kind::starts: return say(language, "activity.starts");
    case Kind::thinks: return say(language, "activity.thinks");
    case Kind::writes: return say(language, "activity.writes");
    case Kind::runs_tool: break;
    case Kind::reads_result: return say(language, "activity.reads_result");
    case Kind::waits_for_retry: return say(language, "activity.waits_for_retry");
  }
  if (activity.summary.empty()) return say(language, "activity.runs_tool", {{"tool", activity.tool}});
  return say(language, "activity.runs", {{"tool", activity.tool}, {"summary", activity.summary}});
}

std::string job_in_full(Language language, const domain::Job& job, std::string_view activity,
                        domain::Timestamp now) {
  const bool command = job.kind == JobKind::run;
  const std::string time = age(language, now - job.created_at);
  std::vector<std::string> lines{
      say(language, command ? "jobs.command" : "jobs.request",
          {{"text", excerpt(job.prompt, longest_request)}}),
      job.attempt > 1 ? say(language, "jobs.asked_attempt",
                            {{"time", time}, {"attempt", job.attempt}, {"most", job.max_attempts}})
                      : say(language, "jobs.asked", {{"time", time}})};
  if (!activity.empty()) lines.push_back(say(language, "jobs.now", {{"activity", activity}}));
  if (job.usage && !is_zero(*job.usage)) lines.push_back(usage_words(language, *job.usage) + ".");
  if (job.error && !job.error->empty()) {
    lines.push_back(say(language, "jobs.error", {{"text", excerpt(*job.error, longest_error)}}));
  }
  return job_line(language, job, now) + lines_below(lines);
}

std::string retrying(Language language, std::string_view short_id, JobKind kind) {
  return say(language, kind == JobKind::run ? "jobs.retrying_command" : "jobs.retrying", {{"id", short_id}});
}

std::string nothing_to_retry(Language language) { return say(language, "jobs.nothing_to_retry"); }

std::string not_over_yet(Language language, std::string_view short_id, JobStatus status) {
  return say(language, "jobs.not_over_yet", {{"id", short_id}, {"status", status_words(language, status)}});
}

std::string empty_steer(Language language) { return say(language, "jobs.empty_steer"); }

std::string steered(Language language, std::string_view short_id) {
  return say(language, "jobs.steered", {{"id", short_id}});
}

std::string nothing_to_steer(Language language) { return say(language, "jobs.nothing_to_steer"); }

std::string not_started_yet(Language language, std::string_view short_id, JobStatus status) {
  return say(language, "jobs.not_started_yet",
             {{"id", short_id}, {"status", status_words(language, status)}});
}

std::string command_cannot_be_steered(Language language, std::string_view short_id) {
  return say(language, "jobs.cannot_be_steered", {{"id", short_id}});
}

std::string panic_usage(Language language) { return say(language, "panic.usage"); }

std::string panic_on(Language language, std::optional<std::size_t> stopped,
                     std::optional<std::size_t> queued) {
  std::string text = say(language, "panic.on") + "\n";
  if (!stopped) {
    text += say(language, "panic.stopping_all");
  } else if (*stopped == 0) {
    text += say(language, "panic.nothing_runs");
  } else {
    text += say(language, "panic.stopping", {{"count", *stopped}});
  }
  if (queued.value_or(0) > 0) text += " " + say(language, "panic.were_waiting", {{"count", *queued}});
  if (stopped.value_or(1) > 0) text += "\n" + say(language, "panic.tokens_end");
  return text;
}

std::string panic_off(Language language, bool was_paused, std::size_t starting) {
  const std::string text = say(language, was_paused ? "panic.going_on" : "panic.was_not_paused");
  if (starting == 0) return text + " " + say(language, "panic.nothing_waits");
  return text + " " + say(language, "panic.starting", {{"count", starting}});
}

std::string panic_status(Language language, bool is_paused, const std::optional<std::string>& reason,
                         std::size_t running, std::size_t queued) {
  const std::string text = is_paused ? paused(language, reason) : say(language, "panic.not_paused");
  return fmt::format("{}\n{}, {}.", text, say(language, "panic.runs", {{"count", running}}),
                     say(language, "panic.waits", {{"count", queued}}));
}

}  // namespace butler::gateway::wording
