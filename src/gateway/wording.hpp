#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job.hpp"
#include "domain/job_words.hpp"
#include "gateway/gateway_store.hpp"

/// Every sentence that Butler itself says in a chat. Plain text unless it says Markdown. Pure.
namespace butler::gateway::wording {

// Answers to what was typed.
std::string text_only();
std::string forwarded();
std::string empty_task();
std::string empty_run();
std::string prompt_too_long(std::size_t characters, std::size_t limit);
std::string stale_run();
std::string waiting_for_orchestrator();
std::string not_taken(std::string_view reason);

// About jobs.
/// Markdown: the whole command with what hides in it made visible, and how to decide.
std::string approval_request(std::string_view command, std::string_view short_id);
std::string approved(std::string_view short_id);
std::string stopping(std::string_view short_id);
std::string already_over(std::string_view short_id, domain::JobStatus status);
std::string no_longer_waiting(std::string_view short_id, domain::JobStatus status);
std::string no_such_job(std::string_view typed);
std::string job_gone(std::string_view short_id);
/// Nothing that /approve, /deny or /abort could mean.
std::string nothing_to_decide();
std::string nothing_to_stop();
/// More than one that the command could mean: `command` is "/approve", `jobs` their lines.
std::string which_one(std::string_view command, const std::vector<std::string>& jobs);
std::string orchestrator_away();
std::string not_possible(std::string_view reason);

using domain::job_line;
using domain::status_words;
/// `decisions`: lines about the tool calls that wait for one.
std::string status_of_chat(const std::vector<std::string>& jobs, const std::vector<std::string>& decisions,
                           std::size_t waiting, const std::optional<std::string>& pause);
std::string waits_for_decisions(const std::vector<std::string>& lines);
std::string status_unknown(std::size_t waiting);
/// The sentence about a pause, with its reason when there is one.
std::string paused(const std::optional<std::string>& reason);

// Ends of jobs.
std::string no_text();
std::string failed(std::string_view reason);
std::string worker_lost();
std::string command_failed(std::string_view reason);
std::string stopped();
std::string stopped_mark();
std::string denied();

// What a job waits for, and what it does. `jobs` messages wait, counted together.
/// `deciding`: the one that runs now waits for a decision.
std::string queued_behind(std::size_t jobs, std::size_t ahead, bool deciding = false);
std::string waits_while_paused(std::size_t jobs, std::string_view reason);
std::string waits_for_a_worker(std::size_t jobs);
/// `why`: the orchestrator's sentence.
std::string waits_for_its_machine(std::string_view why);
std::string still_working(std::chrono::milliseconds age);
std::string job_created(std::string_view short_id);
std::string job_started(std::string_view short_id);
std::string job_finished(std::string_view short_id, std::chrono::milliseconds took);
std::string tools_used(std::string_view tools);

// Messages that did not arrive as they should.
/// In front of an answer whose topic is gone.
std::string topic_gone_mark();
/// Instead of an answer for somebody who is not allowed any more.
std::string answer_withheld();
/// Under a file that holds a text which Telegram did not take as a message.
std::string unfit_text_caption();
/// Under the file with the whole of a long answer.
std::string whole_answer_caption();
/// To an owner: `chat` takes nothing from us, or an answer for it was given up.
std::string undeliverable(std::int64_t chat_id, std::string_view reason);

using domain::age;

}  // namespace butler::gateway::wording
