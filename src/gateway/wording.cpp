#include "gateway/wording.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/markdown_code.hpp"

namespace butler::gateway::wording {

namespace {

using domain::JobStatus;

constexpr std::size_t longest_reason = 600;
constexpr std::size_t longest_typed_word = 32;

/// A reason inside a sentence: one line, not too long, without a full stop of its own.
std::string inside_a_sentence(std::string_view reason) {
  std::string text = domain::shorten(reason, longest_reason);
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text.empty() ? "no reason was given" : text;
}

std::string not_handed_over(std::size_t waiting) {
  if (waiting == 1) return "1 message is not handed to the orchestrator yet.";
  return fmt::format("{} messages are not handed to the orchestrator yet.", waiting);
}

std::string joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const auto& row : rows) text += "\n" + row;
  return text;
}

}  // namespace

std::string text_only() { return "I can only read text so far. Please write it to me."; }

std::string forwarded() {
  return "I don't act on forwarded messages, because they are somebody else's words. Copy the text into a "
         "message of "
         "your own if you want me to work on it.";
}

std::string empty_task() { return "What shall I do? Write it after the command: /task tidy up my notes"; }
std::string empty_run() { return "Which command? Write it after /run, for example: /run df -h"; }

std::string prompt_too_long(std::size_t characters, std::size_t limit) {
  return fmt::format("That is too long for me: {} characters, and I take {} at most. Please shorten it.",
                     characters, limit);
}

std::string stale_run() {
  return "That /run reached me more than 10 minutes late, so I did not start it. Send it again if you still "
         "want it.";
}

std::string waiting_for_orchestrator() {
  return "Got it. I can't start right now because my orchestrator is not answering. Your message is safe and "
         "starts as "
         "soon as it is back.";
}

std::string not_taken(std::string_view reason) {
  return fmt::format("I could not start that: {}. Send it again to retry.", inside_a_sentence(reason));
}

std::string approval_request(std::string_view command, std::string_view short_id) {
  std::string text = "Run this command?\n\n" + code_block(domain::make_visible(command)) + "\n\n";
  if (domain::mixes_lookalikes(command))
    text += "Careful: it holds letters that only look like Latin ones.\n\n";
  return text + fmt::format("/approve {0} to run it, /deny {0} to refuse.", short_id);
}

std::string approved(std::string_view short_id) { return fmt::format("Approved {}. It runs now.", short_id); }
std::string stopping(std::string_view short_id) { return fmt::format("Stopping {}…", short_id); }

std::string already_over(std::string_view short_id, JobStatus status) {
  return fmt::format("{} is over already ({}).", short_id, status_words(status));
}

std::string no_longer_waiting(std::string_view short_id, JobStatus status) {
  return fmt::format("{} does not wait for approval any more ({}).", short_id, status_words(status));
}

std::string no_such_job(std::string_view typed) {
  return fmt::format("I know no job {} in this chat. /status shows what there is.",
                     domain::shorten(domain::make_visible(typed), longest_typed_word));
}

std::string job_gone(std::string_view short_id) {
  return fmt::format("The orchestrator does not know {} any more.", short_id);
}

std::string nothing_to_decide() { return "Nothing is waiting for approval in this chat."; }
std::string nothing_to_stop() { return "Nothing is running or waiting in this chat."; }

std::string which_one(std::string_view command, const std::vector<std::string>& jobs) {
  return fmt::format("Which one? Write {} and the id:\n{}", command, joined(jobs));
}

std::string orchestrator_away() {
  return "I can't reach my orchestrator right now, so I don't know whether that took effect. Please send it "
         "again in a "
         "moment.";
}

std::string not_possible(std::string_view reason) {
  return fmt::format("That was not possible: {}.", inside_a_sentence(reason));
}

std::string status_of_chat(const std::vector<std::string>& jobs, const std::vector<std::string>& decisions,
                           std::size_t waiting, const std::optional<std::string>& pause) {
  std::vector<std::string> parts;
  if (pause) parts.push_back(*pause);
  if (!jobs.empty()) parts.push_back("In this chat:\n" + joined(jobs));
  if (!decisions.empty()) parts.push_back(waits_for_decisions(decisions));
  if (waiting > 0) parts.push_back(not_handed_over(waiting));
  const bool nothing = jobs.empty() && decisions.empty() && waiting == 0;
  if (nothing) parts.emplace_back("Nothing is running or waiting in this chat.");
  return fmt::format("{}", fmt::join(parts, "\n\n"));
}

std::string waits_for_decisions(const std::vector<std::string>& lines) {
  return fmt::format("Waiting for a decision (/approve or /deny and the id):\n{}", joined(lines));
}

std::string status_unknown(std::size_t waiting) {
  std::string text = "I can't reach my orchestrator right now, so I can't say what is running.";
  if (waiting > 0) text += " " + not_handed_over(waiting);
  return text;
}

std::string paused(const std::optional<std::string>& reason) {
  if (!reason || reason->empty()) return "Paused: nothing new starts until it is resumed.";
  return fmt::format("Paused ({}): nothing new starts until it is resumed.", inside_a_sentence(*reason));
}

std::string no_text() { return "(no text)"; }

std::string failed(std::string_view reason) {
  return fmt::format("That didn't work: {}. /retry tries it again.", inside_a_sentence(reason));
}

std::string worker_lost() {
  return "The machine that worked on this stopped in the middle of it. Part of it may have been done "
         "already, so I did "
         "not repeat it on my own. Have a look; /retry asks for it again.";
}

std::string command_failed(std::string_view reason) {
  return fmt::format("The command failed: {}. /retry asks for it again.", inside_a_sentence(reason));
}

std::string stopped() { return "Stopped."; }
std::string stopped_mark() { return "(stopped)"; }
std::string denied() { return "Denied. It did not run."; }

std::string queued_behind(std::size_t jobs, std::size_t ahead, bool deciding) {
  const std::string others = ahead == 1 ? "one other request" : fmt::format("{} other requests", ahead);
  const std::string_view why = deciding ? ", and what runs now waits for an approval (/status shows it)" : "";
  if (jobs == 1) return fmt::format("Queued behind {}{}. I'll get to it.", others, why);
  return fmt::format("{} messages are queued behind {}{}. I'll get to them.", jobs, others, why);
}

std::string waits_while_paused(std::size_t jobs, std::string_view reason) {
  const std::string why = reason.empty() ? "" : fmt::format(" ({})", inside_a_sentence(reason));
  return fmt::format("I am paused{}. {} as soon as I am resumed.", why,
                     jobs == 1 ? "Your message starts" : fmt::format("{} messages start", jobs));
}

std::string waits_for_a_worker(std::size_t jobs) {
  return fmt::format("Everybody is busy. {} as soon as a worker is free.",
                     jobs == 1 ? "Your message starts" : fmt::format("{} messages start", jobs));
}

std::string waits_for_its_machine(std::string_view why) {
  return fmt::format("{} /new starts a fresh conversation, which does not have to wait.",
                     domain::shorten(domain::make_visible(why), longest_reason));
}

std::string still_working(std::chrono::milliseconds time) {
  return fmt::format("Still working on it, for {} now. /abort stops it.", age(time));
}

std::string job_created(std::string_view short_id) { return fmt::format("Created {}.", short_id); }
std::string job_started(std::string_view short_id) { return fmt::format("Started {}.", short_id); }
std::string job_finished(std::string_view short_id, std::chrono::milliseconds took) {
  return fmt::format("Finished {} after {}.", short_id, age(took));
}
std::string tools_used(std::string_view tools) { return fmt::format("Using {}.", tools); }

std::string topic_gone_mark() { return "(From a topic that is gone)\n\n"; }

std::string answer_withheld() {
  return "That is finished, but I am not working for you any more, so its answer stays here.";
}

std::string unfit_text_caption() {
  return "Telegram did not take this as a message, so here it is as a file.";
}
std::string whole_answer_caption() { return "The whole answer"; }

std::string undeliverable(std::int64_t chat_id, std::string_view reason) {
  return fmt::format(
      "I could not deliver an answer to chat {}: {}. I keep what waits for it for a day, in case it takes "
      "messages again; what is given up then is on the list of dead letters.",
      chat_id, inside_a_sentence(reason));
}

}  // namespace butler::gateway::wording
