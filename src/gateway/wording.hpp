#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"

/// Every sentence that Butler itself says in a chat. Plain text unless it says Markdown. Pure.
namespace butler::gateway::wording {

// Answers to what was typed.
std::string text_only(Language language);
std::string forwarded(Language language);
std::string empty_task(Language language);
std::string empty_run(Language language);
std::string prompt_too_long(Language language, std::size_t characters, std::size_t limit);
std::string stale_run(Language language);
std::string waiting_for_orchestrator(Language language);
std::string not_taken(Language language, std::string_view reason);

// About jobs.
/// Markdown: the whole command with what hides in it made visible, and how to decide.
std::string approval_request(Language language, std::string_view command, std::string_view short_id);
std::string approved(Language language, std::string_view short_id);
std::string stopping(Language language, std::string_view short_id);
std::string already_over(Language language, std::string_view short_id, domain::JobStatus status);
std::string no_longer_waiting(Language language, std::string_view short_id, domain::JobStatus status);
std::string no_such_job(Language language, std::string_view typed);
std::string job_gone(Language language, std::string_view short_id);
/// Nothing that /approve, /deny or /abort could mean.
std::string nothing_to_decide(Language language);
std::string nothing_to_stop(Language language);
/// More than one that the command could mean: `command` is "/approve", `jobs` their lines.
std::string which_one(Language language, std::string_view command, const std::vector<std::string>& jobs);
std::string orchestrator_away(Language language);
std::string not_possible(Language language, std::string_view reason);

/// "a1b2c3 · running for 2 min · tidy my notes". `deciding`: it waits for a decision about a tool call.
std::string job_line(Language language, const domain::Job& job, domain::Timestamp now, bool deciding = false);
/// "waits for approval", "running", "done"…
std::string status_words(Language language, domain::JobStatus status);
/// "3 s", "2 min", "5 h", "4 days".
std::string age(Language language, std::chrono::milliseconds time);
/// Each on a line of its own, after what stands before.
std::string lines_below(const std::vector<std::string>& lines);

/// `decisions`: lines about the tool calls that wait for one.
std::string status_of_chat(Language language, const std::vector<std::string>& jobs,
                           const std::vector<std::string>& decisions, std::size_t waiting,
                           const std::optional<std::string>& pause);
std::string waits_for_decisions(Language language, const std::vector<std::string>& lines);
std::string status_unknown(Language language, std::size_t waiting);
/// The sentence about a pause, with its reason when there is one.
std::string paused(Language language, const std::optional<std::string>& reason);

// Ends of jobs.
std::string no_text(Language language);
std::string failed(Language language, std::string_view reason);
std::string worker_lost(Language language);
std::string command_failed(Language language, std::string_view reason);
std::string stopped(Language language);
std::string stopped_mark(Language language);
std::string denied(Language language);

// What a job waits for, and what it does. `jobs` messages wait, counted together.
/// `deciding`: the one that runs now waits for a decision.
std::string queued_behind(Language language, std::size_t jobs, std::size_t ahead, bool deciding = false);
std::string waits_while_paused(Language language, std::size_t jobs, std::string_view reason);
std::string waits_for_a_worker(Language language, std::size_t jobs);
/// `why`: the orchestrator's sentence.
std::string waits_for_its_machine(Language language, std::string_view why);
std::string still_working(Language language, std::chrono::milliseconds age);
std::string job_created(Language language, std::string_view short_id);
std::string job_started(Language language, std::string_view short_id);
std::string job_finished(Language language, std::string_view short_id, std::chrono::milliseconds took);
std::string tools_used(Language language, std::string_view tools);

// Messages that did not arrive as they should.
/// In front of an answer whose topic is gone.
std::string topic_gone_mark(Language language);
/// Instead of an answer for somebody who is not allowed any more.
std::string answer_withheld(Language language);
/// Under a file that holds a text which Telegram did not take as a message.
std::string unfit_text_caption(Language language);
/// Under the file with the whole of a long answer.
std::string whole_answer_caption(Language language);
/// To an owner: `chat` takes nothing from us, or an answer for it was given up.
std::string undeliverable(Language language, std::int64_t chat_id, std::string_view reason);

}  // namespace butler::gateway::wording
