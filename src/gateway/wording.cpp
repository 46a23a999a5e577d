#include "gateway/wording.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "domain/job_id.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/failure_reason.hpp"
#include "gateway/markdown_code.hpp"

namespace butler::gateway::wording {

namespace {

using domain::JobStatus;

constexpr std::size_t longest_reason = 600;
constexpr std::size_t longest_typed_word = 32;
constexpr std::size_t longest_excerpt = 60;

/// A reason inside a sentence: one line, not too long, without a full stop of its own.
std::string inside_a_sentence(Language language, std::string_view reason) {
  std::string text = domain::shorten(reason, longest_reason);
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text.empty() ? say(language, "answers.no_reason") : text;
}

std::string not_handed_over(Language language, std::size_t waiting) {
  return say(language, "status.not_handed_over", {{"count", waiting}});
}

}  // namespace

std::string lines_below(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n" + line;
  return text;
}

std::string age(Language language, std::chrono::milliseconds time) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(time).count());
  if (seconds < 60) return say(language, "time.seconds", {{"number", seconds}});
  if (seconds < 3'600) return say(language, "time.minutes", {{"number", seconds / 60}});
  if (seconds < 172'800) return say(language, "time.hours", {{"number", seconds / 3'600}});
  return say(language, "time.days", {{"number", seconds / 86'400}});
}

std::string status_words(Language language, JobStatus status) {
  switch (status) {
    case JobStatus::needs_approval: return say(language, "states.needs_approval");
    case JobStatus::queued: return say(language, "states.queued");
    case JobStatus::running: return say(language, "states.running");
    case JobStatus::aborting: return say(language, "states.aborting");
    case JobStatus::completed: return say(language, "states.completed");
    case JobStatus::failed: return say(language, "states.failed");
    case JobStatus::aborted: return say(language, "states.aborted");
  }
  return "?";
}

std::string job_line(Language language, const domain::Job& job, domain::Timestamp now, bool deciding) {
  const auto status = deciding && job.status == JobStatus::running ? JobStatus::needs_approval : job.status;
  const auto since = job.started_at.value_or(job.created_at);
  const std::string time = age(language, job.finished_at.value_or(now) - since);
  const std::string_view first_line = std::string_view{job.prompt}.substr(0, job.prompt.find('\n'));
  return fmt::format("{} · {} {} · {}", domain::short_job_id(job.id), status_words(language, status),
                     say(language, job.finished_at ? "time.after" : "time.since", {{"time", time}}),
                     domain::shorten(domain::make_visible(first_line), longest_excerpt));
}

std::string text_only(Language language) { return say(language, "answers.text_only"); }
std::string forwarded(Language language) { return say(language, "answers.forwarded"); }
std::string empty_task(Language language) { return say(language, "answers.empty_task"); }
std::string empty_run(Language language) { return say(language, "answers.empty_run"); }

std::string prompt_too_long(Language language, std::size_t characters, std::size_t limit) {
  return say(language, "answers.prompt_too_long", {{"characters", characters}, {"limit", limit}});
}

std::string stale_run(Language language) { return say(language, "answers.stale_run"); }

std::string waiting_for_orchestrator(Language language) {
  return say(language, "answers.waiting_for_orchestrator");
}

std::string not_taken(Language language, std::string_view reason) {
  return say(language, "answers.not_taken", {{"reason", inside_a_sentence(language, reason)}});
}

std::string approval_request(Language language, std::string_view command, std::string_view short_id) {
  std::string text =
      say(language, "jobs.approval_request") + "\n\n" + code_block(domain::make_visible(command)) + "\n\n";
  if (domain::mixes_lookalikes(command)) text += say(language, "jobs.imitates") + "\n\n";
  return text + say(language, "jobs.approval_how", {{"id", short_id}});
}

std::string approved(Language language, std::string_view short_id) {
  return say(language, "jobs.approved", {{"id", short_id}});
}

std::string stopping(Language language, std::string_view short_id) {
  return say(language, "jobs.stopping", {{"id", short_id}});
}

std::string already_over(Language language, std::string_view short_id, JobStatus status) {
  return say(language, "jobs.already_over", {{"id", short_id}, {"status", status_words(language, status)}});
}

std::string no_longer_waiting(Language language, std::string_view short_id, JobStatus status) {
  return say(language, "jobs.no_longer_waiting",
             {{"id", short_id}, {"status", status_words(language, status)}});
}

std::string no_such_job(Language language, std::string_view typed) {
  return say(language, "jobs.no_such_job",
             {{"typed", domain::shorten(domain::make_visible(typed), longest_typed_word)}});
}

std::string job_gone(Language language, std::string_view short_id) {
  return say(language, "jobs.gone", {{"id", short_id}});
}

std::string nothing_to_decide(Language language) { return say(language, "jobs.nothing_to_decide"); }
std::string nothing_to_stop(Language language) { return say(language, "status.nothing"); }

std::string which_one(Language language, std::string_view command, const std::vector<std::string>& jobs) {
  return say(language, "jobs.which_one", {{"command", command}, {"lines", lines_below(jobs)}});
}

std::string orchestrator_away(Language language) { return say(language, "answers.orchestrator_away"); }

std::string not_possible(Language language, std::string_view reason) {
  return say(language, "answers.not_possible", {{"reason", inside_a_sentence(language, reason)}});
}

std::string status_of_chat(Language language, const std::vector<std::string>& jobs,
                           const std::vector<std::string>& decisions, std::size_t waiting,
                           const std::optional<std::string>& pause) {
  std::vector<std::string> parts;
  if (pause) parts.push_back(*pause);
  if (!jobs.empty()) parts.push_back(say(language, "status.of_chat", {{"lines", lines_below(jobs)}}));
  if (!decisions.empty()) parts.push_back(waits_for_decisions(language, decisions));
  if (waiting > 0) parts.push_back(not_handed_over(language, waiting));
  const bool nothing = jobs.empty() && decisions.empty() && waiting == 0;
  if (nothing) parts.push_back(say(language, "status.nothing"));
  return fmt::format("{}", fmt::join(parts, "\n\n"));
}

std::string waits_for_decisions(Language language, const std::vector<std::string>& lines) {
  return say(language, "status.waits_for_decisions", {{"lines", lines_below(lines)}});
}

std::string status_unknown(Language language, std::size_t waiting) {
  std::string text = say(language, "status.unknown");
  if (waiting > 0) text += " " + not_handed_over(language, waiting);
  return text;
}

std::string paused(Language language, const std::optional<std::string>& reason) {
  if (!reason || reason->empty()) return say(language, "status.paused");
  return say(language, "status.paused_because", {{"reason", inside_a_sentence(language, *reason)}});
}

std::string no_text(Language language) { return say(language, "ends.no_text"); }

std::string failed(Language language, std::string_view reason) {
  return say(language, "ends.failed", {{"reason", inside_a_sentence(language, reason_for_people(reason))}});
}

std::string worker_lost(Language language) { return say(language, "ends.worker_lost"); }

std::string command_failed(Language language, std::string_view reason) {
  return say(language, "ends.command_failed", {{"reason", inside_a_sentence(language, reason)}});
}

std::string stopped(Language language) { return say(language, "ends.stopped"); }
std::string stopped_mark(Language language) { return say(language, "ends.stopped_mark"); }
std::string denied(Language language) { return say(language, "ends.denied"); }

std::string queued_behind(Language language, std::size_t jobs, std::size_t ahead, bool deciding) {
  return say(language, "waiting.behind",
             {{"count", jobs},
              {"others", say(language, "waiting.others", {{"count", ahead}})},
              {"why", deciding ? say(language, "waiting.others_decide") : ""}});
}

std::string waits_while_paused(Language language, std::size_t jobs, std::string_view reason) {
  const std::string why = reason.empty() ? "" : fmt::format(" ({})", inside_a_sentence(language, reason));
  return say(language, "waiting.while_paused", {{"count", jobs}, {"why", why}});
}

std::string waits_for_a_worker(Language language, std::size_t jobs) {
  return say(language, "waiting.for_a_worker", {{"count", jobs}});
}

std::string waits_for_its_machine(Language language, std::string_view why) {
  return say(language, "waiting.for_its_machine",
             {{"why", domain::shorten(domain::make_visible(why), longest_reason)}});
}

std::string still_working(Language language, std::chrono::milliseconds time) {
  return say(language, "jobs.still_working", {{"time", age(language, time)}});
}

std::string job_created(Language language, std::string_view short_id) {
  return say(language, "jobs.created", {{"id", short_id}});
}

std::string job_started(Language language, std::string_view short_id) {
  return say(language, "jobs.started", {{"id", short_id}});
}

std::string job_finished(Language language, std::string_view short_id, std::chrono::milliseconds took) {
  return say(language, "jobs.finished", {{"id", short_id}, {"time", age(language, took)}});
}

std::string tools_used(Language language, std::string_view tools) {
  return say(language, "jobs.tools_used", {{"tools", tools}});
}

std::string topic_gone_mark(Language language) { return say(language, "sending.topic_gone") + "\n\n"; }
std::string answer_withheld(Language language) { return say(language, "sending.answer_withheld"); }
std::string unfit_text_caption(Language language) { return say(language, "sending.unfit_text"); }
std::string whole_answer_caption(Language language) { return say(language, "sending.whole_answer"); }

std::string undeliverable(Language language, std::int64_t chat_id, std::string_view reason) {
  return say(language, "sending.undeliverable",
             {{"chat", chat_id}, {"reason", inside_a_sentence(language, reason)}});
}

}  // namespace butler::gateway::wording
