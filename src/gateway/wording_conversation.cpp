#include "gateway/wording_conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::wording {

namespace {

using domain::JobKind;
using domain::JobStatus;

constexpr std::size_t longest_request = 300;
constexpr std::size_t longest_error = 600;

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// 1234567 as "1 234 567".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), " ");
  }
  return digits;
}

bool is_zero(const domain::Usage& usage) { return usage == domain::Usage{}; }

std::string usage_words(const domain::Usage& usage) {
  const auto read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  std::string text = fmt::format("{} tokens read, {} written", grouped(read), grouped(usage.output_tokens));
  if (usage.cost_usd > 0) text += fmt::format(", ${:.4f}", usage.cost_usd);
  return text;
}

/// "5 jobs: 4 done, 1 running".
std::string jobs_by_status(const SessionWork& work) {
  if (work.jobs.empty()) return "Nothing was asked in it yet.";
  std::string text = (work.complete ? "" : "At least ") + counted(work.jobs.size(), "job", "jobs");
  std::string_view joint = ": ";
  for (const auto status : {JobStatus::completed, JobStatus::failed, JobStatus::aborted, JobStatus::running,
                            JobStatus::aborting, JobStatus::queued, JobStatus::needs_approval}) {
    const auto count = std::ranges::count(work.jobs, status);
    if (count == 0) continue;
    text += fmt::format("{}{} {}", joint, count, status_words(status));
    joint = ", ";
  }
  return text + ".";
}

std::string_view memory_words(MemoryOf memory) {
  switch (memory) {
    case MemoryOf::owners:
      return "The agent remembers this session, and the owners' files: SOUL.md, MEMORY.md and the day's "
             "notes.";
    case MemoryOf::person:
      return "The agent remembers this session, and files that are yours alone: SOUL.md, MEMORY.md and the "
             "day's notes.";
    case MemoryOf::group:
      return "The agent remembers this session, and this group's own files: SOUL.md, MEMORY.md and the day's "
             "notes. Nobody's private memory is used here.";
  }
  return "";
}

std::string excerpt(std::string_view text, std::size_t limit) {
  return domain::shorten(domain::make_visible(text), limit);
}

}  // namespace

std::string fresh_session(std::int64_t generation) {
  return fmt::format(
      "A fresh session, number {}: I start without what was said before. What still runs goes on and is "
      "answered. Notes in the memory files stay.",
      generation);
}

std::string context(const Session& session, bool in_topic, const SessionWork& work, MemoryOf memory,
                    domain::Timestamp now) {
  std::string text = fmt::format("Session {} of this {}, for {} ({}).\n", session.generation,
                                 in_topic ? "topic" : "chat", age(now - session.since), session.key);
  text += jobs_by_status(work);
  if (!is_zero(work.usage)) text += " " + usage_words(work.usage) + ".";
  text += "\n\n";
  text += memory_words(memory);
  return text + "\n\n/new starts a fresh session.";
}

std::string settings(const ChatSettings& settings) {
  std::string text = "What is set for this chat:\n";
  text += settings.role == domain::Role::owner ? "\n• You are an owner." : "\n• You are let in by an owner.";
  text += settings.place == domain::Place::group
              ? "\n• In this group I hear commands, mentions of me and replies to my messages, nothing else."
              : "\n• Here everything you write is for me.";
  text += fmt::format("\n• Longest request: {} characters.", settings.prompt_max_chars);
  if (settings.requests_per_minute > 0) {
    text += fmt::format("\n• At most {} requests of yours in a minute.", settings.requests_per_minute);
  }
  text += settings.permissions.run_owner_only ? "\n• /run: owners only, and always after an approval."
                                              : "\n• /run: everybody, and always after an approval.";
  text += settings.permissions.approve_owner_only ? "\n• /approve and /deny: owners only."
                                                  : "\n• /approve and /deny: everybody, about their own.";
  text += settings.permissions.allow_requester_abort ? "\n• /abort: everybody, for their own."
                                                     : "\n• /abort: owners only.";
  return text + "\n\nThese come from Butler's configuration; none of them can be changed from the chat.";
}

std::string no_jobs() { return "There are no jobs of this chat yet."; }

std::string jobs(const std::vector<std::string>& lines, const std::optional<std::string>& older) {
  std::string text = "Jobs of this chat, newest first:\n";
  for (const auto& line : lines) text += "\n" + line;
  if (older) text += fmt::format("\n\nOlder ones: /jobs {}", *older);
  return text;
}

std::string job_in_full(const domain::Job& job, std::string_view activity, domain::Timestamp now) {
  const bool command = job.kind == JobKind::run;
  std::string text = job_line(job, now);
  text += fmt::format("\n{}: {}", command ? "Command" : "Request", excerpt(job.prompt, longest_request));
  text += fmt::format("\nAsked {} ago", age(now - job.created_at));
  if (job.attempt > 1) text += fmt::format(", attempt {} of {}", job.attempt, job.max_attempts);
  text += ".";
  if (!activity.empty()) text += fmt::format("\nNow: {}.", activity);
  if (job.usage && !is_zero(*job.usage)) text += "\n" + usage_words(*job.usage) + ".";
  if (job.error && !job.error->empty()) text += "\nError: " + excerpt(*job.error, longest_error);
  return text;
}

std::string retrying(std::string_view short_id, JobKind kind) {
  if (kind == JobKind::run) return fmt::format("The command of {} once more.", short_id);
  return fmt::format("Trying {} again.", short_id);
}

std::string nothing_to_retry() {
  return "Nothing has failed or was stopped in this chat. /jobs shows what there is.";
}

std::string not_over_yet(std::string_view short_id, JobStatus status) {
  return fmt::format("{} is not over yet ({}), so there is nothing to repeat.", short_id,
                     status_words(status));
}

std::string empty_steer() {
  return "What shall I tell the agent? Write it after the command: /steer only the files in src";
}

std::string steered(std::string_view short_id) { return fmt::format("Told {}.", short_id); }

std::string nothing_to_steer() {
  return "Nothing is running in this session, so there is nothing to steer. Send it as a message, without "
         "/steer, and I'll work on it.";
}

std::string not_started_yet(std::string_view short_id, JobStatus status) {
  return fmt::format(
      "{} has not started yet ({}), so it can't be steered. Send it as a message, without /steer: it comes "
      "after it.",
      short_id, status_words(status));
}

std::string command_cannot_be_steered(std::string_view short_id) {
  return fmt::format("{} is a shell command: it can be stopped (/abort {}), but not steered.", short_id,
                     short_id);
}

std::string panic_usage() {
  return "/panic on stops everything, /panic off goes on again, /panic says how it is.";
}

std::string panic_on(std::optional<std::size_t> stopped, std::optional<std::size_t> queued) {
  std::string text = "Paused. Nothing new starts until /panic off.\n";
  if (!stopped) {
    text += "Whatever was running is being stopped.";
  } else if (*stopped == 0) {
    text += "Nothing was running.";
  } else {
    text += counted(*stopped, "running job is being stopped.", "running jobs are being stopped.");
  }
  if (queued.value_or(0) > 0) text += " " + counted(*queued, "job waits.", "jobs wait.");
  if (stopped.value_or(1) > 0) text += "\nTheir network access and their tokens end with them.";
  return text;
}

std::string panic_off(bool was_paused, std::size_t starting) {
  const std::string text = was_paused ? "Going on." : "It was not paused.";
  if (starting == 0) return text + " Nothing was waiting.";
  return text + " " + counted(starting, "waiting job starts", "waiting jobs start") +
         " as soon as a worker is free.";
}

std::string panic_status(bool is_paused, const std::optional<std::string>& reason, std::size_t running,
                         std::size_t queued) {
  const std::string text = is_paused ? paused(reason) : "Not paused.";
  return text +
         fmt::format("\n{}, {}.", counted(running, "job runs", "jobs run"), counted(queued, "waits", "wait"));
}

}  // namespace butler::gateway::wording
