#include "gateway/job_commands.hpp"

#include <algorithm>

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/job_request.hpp"
#include "gateway/job_rules.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/patience.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/quotation.hpp"
#include "gateway/replacement.hpp"
#include "gateway/steering.hpp"
#include "gateway/turn_media.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_conversation.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

bool can_be_stopped(JobStatus status) { return !domain::is_terminal(status); }

}  // namespace

ControlAnswer JobCommands::abort(std::string typed, const ControlRequest& request) {
  JobSearch::Wish wish{.command = "/abort",
                       .typed = std::move(typed),
                       .action = domain::Action::abort,
                       .wanted = can_be_stopped,
                       .nothing = wording::nothing_to_stop};
  std::vector<Job> several;
  const auto found = co_await search_.find(std::move(wish), request, &several);
  if (!found) {
    Keyboard keyboard = stop_keyboard(request.language, several);
    if (keyboard.rows.empty()) co_return ControlResult{found.error()};
    co_return ControlResult{.text = found.error(), .keyboard = std::move(keyboard)};
  }
  const std::string short_id = short_job_id(found->id);
  if (domain::is_terminal(found->status)) {
    if (request.quiet) co_return ControlResult{.done = stop_matter(found->id)};
    co_return ControlResult{.text = wording::already_over(request.language, short_id, found->status),
                            .done = stop_matter(found->id)};
  }
  auto call = [&] {
    return orchestrator_.abort(
        found->id,
        {.reason = "stopped in the chat", .requester_id = request.person_id(), .if_status = std::nullopt});
  };
  const auto job = co_await patiently<Job>(call, request.give_up);
  if (!job) co_return ControlResult{excuse(request.language, job.error())};
  log::info("job.abort_asked", {{"job", job->id}, {"by", request.person.id}});
  if (job->status == JobStatus::aborted) {
    const bool elsewhere = is_elsewhere(*job, request);
    co_return ControlResult{.text = elsewhere ? wording::stopped_for(request.language, short_id) : "",
                            .ended = *job,
                            .done = stop_matter(found->id)};
  }
  if (request.quiet) co_return ControlResult{.done = stop_matter(found->id)};
  if (domain::is_terminal(job->status)) {
    co_return ControlResult{.text = wording::already_over(request.language, short_id, job->status),
                            .done = stop_matter(found->id)};
  }
  co_return ControlResult{.text = wording::stopping(request.language, short_id),
                          .done = stop_matter(found->id)};
}

ControlAnswer JobCommands::retry(std::string typed, const ControlRequest& request) {
  const auto found = co_await to_retry(std::move(typed), request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  const auto may_run =
      domain::permission(domain::Action::run, request.role(), request.place(), rules_.permissions);
  switch (retry_of(*found, may_run == domain::Permission::granted)) {
    case Retry::not_over:
      co_return ControlResult{wording::not_over_yet(request.language, short_id, found->status)};
    case Retry::owners_only: co_return ControlResult{wording::refusal(request.language, may_run)};
    case Retry::may: break;
  }
  const JobOrigin origin{.bot_id = rules_.bot_id,
                         .update_id = request.update_id,
                         .message = request.message,
                         .person = request.person,
                         .role = request.role()};
  const Session session = store_.session(request.lane, domain::wall_clock_now());
  log::info("job.retried", {{"job", found->id}, {"by", request.person.id}});
  NewTurn turn = job_request(origin, found->kind, found->prompt, session);
  bring(turn, files_of(found->id));
  turn.parts = words_of_job(found->id);
  co_return ControlResult{.text = wording::retrying(request.language, short_id, found->kind),
                          .turn = std::move(turn),
                          .done = retry_matter(found->id)};
}

std::vector<IncomingFile> JobCommands::files_of(const std::string& job_id) {
  std::vector<IncomingFile> files;
  const auto turn = store_.turn_of_job(job_id);
  if (!turn) return files;
  for (TurnFile& one : store_.turn_files(turn->id)) files.push_back(std::move(one.file));
  return files;
}

/// What a file of words is made of. The messages are the earlier turn's: an edit of them is none of this one.
std::vector<TurnPart> JobCommands::words_of_job(const std::string& job_id) {
  const auto turn = store_.turn_of_job(job_id);
  if (!turn) return {};
  auto parts = store_.turn_parts(turn->id);
  for (TurnPart& part : parts) part.message_id = 0;
  return parts;
}

asio::awaitable<JobSearch::Found> JobCommands::to_retry(std::string typed, const ControlRequest& request) {
  if (!typed.empty()) {
    JobSearch::Wish wish{.command = "/retry", .typed = std::move(typed)};
    co_return co_await search_.find(std::move(wish), request);
  }
  constexpr std::size_t looked_at = 20;  // what an edited message has replaced is not meant
  std::optional<Job> latest;
  for (const JobStatus status : {JobStatus::failed, JobStatus::aborted}) {
    const auto query = query_of(jobs_of_chat(request), {.status = status, .limit = looked_at});
    const auto list = co_await search_.list(query, request.give_up);
    if (!list) co_return std::unexpected(excuse(request.language, list.error()));
    const auto found = std::ranges::find_if_not(list->jobs, was_replaced);
    if (found == list->jobs.end()) continue;
    const Job& job = *found;
    if (!latest || job.id > latest->id) latest = job;  // UUIDv7: a later id is a later job
  }
  if (!latest) co_return std::unexpected(wording::nothing_to_retry(request.language));
  co_return *std::move(latest);
}

ControlAnswer JobCommands::steer(std::string text, const ControlRequest& request) {
  if (text.empty()) co_return ControlResult{wording::empty_steer(request.language)};
  const auto found = co_await to_steer(request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  switch (steering_of(*found)) {
    case Steer::not_started:
      co_return ControlResult{wording::not_started_yet(request.language, short_id, found->status)};
    case Steer::is_command:
      co_return ControlResult{wording::command_cannot_be_steered(request.language, short_id)};
    case Steer::ending: co_return ControlResult{wording::nothing_to_steer(request.language)};
    case Steer::may: break;
  }
  const auto sent = co_await tell(*found, std::move(text), request);
  if (!sent && sent.error().code == "not_running")
    co_return ControlResult{wording::nothing_to_steer(request.language)};
  if (!sent) co_return ControlResult{excuse(request.language, sent.error())};
  co_return ControlResult{wording::steered(request.language, short_id)};
}

ControlAnswer JobCommands::reply(std::string text, const ControlRequest& request) {
  const auto job_id = job_replied_to(store_, request.message, rules_.bot_id, request.role());
  if (!job_id || text.empty()) co_return ControlResult{.turn = as_request(text, request)};
  const auto job = co_await search_.job(*job_id, request.give_up);
  // Nobody knows, while the orchestrator is away: then it waits for it, as any request.
  if (!job || steering_of(*job) != Steer::may) co_return ControlResult{.turn = as_request(text, request)};
  std::string words = text;
  if (!request.message.quote.empty()) {  // they have picked what they mean
    words = with_quotation(text, request.message, rules_.bot_id, rules_.prompt_max_chars);
  }
  const auto sent = co_await tell(*job, std::move(words), request);
  if (sent) co_return ControlResult{wording::steered(request.language, short_job_id(job->id))};
  if (sent.error().code == "not_running") co_return ControlResult{.turn = as_request(text, request)};
  co_return ControlResult{excuse(request.language, sent.error())};
}

NewTurn JobCommands::as_request(const std::string& text, const ControlRequest& request) {
  const JobOrigin origin{.bot_id = rules_.bot_id,
                         .update_id = request.update_id,
                         .message = request.message,
                         .person = request.person,
                         .role = request.role()};
  std::string prompt = with_quotation(text, request.message, rules_.bot_id, rules_.prompt_max_chars);
  NewTurn turn = job_request(origin, domain::JobKind::task, prompt,
                             store_.session(request.lane, domain::wall_clock_now()));
  turn.parts = {{.message_id = request.message.message_id, .text = std::move(prompt)}};
  return turn;
}

api::Call<void> JobCommands::tell(const Job& job, std::string text, const ControlRequest& request) {
  const std::string key = "steer:" + std::to_string(rules_.bot_id) + ":" + std::to_string(request.update_id);
  auto call = [&] {
    return orchestrator_.send_message(job.id, key, {.mode = api::MessageMode::steer, .text = text});
  };
  auto sent = co_await patiently<void>(call, request.give_up);
  if (sent) log::info("job.steered", {{"job", job.id}, {"by", request.person.id}});
  co_return sent;
}

asio::awaitable<JobSearch::Found> JobCommands::to_steer(const ControlRequest& request) {
  const Session session = store_.session(request.lane, domain::wall_clock_now());
  const JobScope scope{.requester_id = jobs_of_chat(request).requester_id};
  // What runs, or else what came last.
  for (const std::optional<JobStatus> status :
       {std::optional{JobStatus::running}, std::optional<JobStatus>{}}) {
    const auto query = query_of(scope, {.status = status, .session_key = session.key, .limit = 1});
    const auto list = co_await search_.list(query, request.give_up);
    if (!list) co_return std::unexpected(excuse(request.language, list.error()));
    if (!list->jobs.empty()) co_return list->jobs.front();
  }
  co_return std::unexpected(wording::nothing_to_steer(request.language));
}

}  // namespace butler::gateway
