#include "worker/pi_agent.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/events.hpp"
#include "worker/memory.hpp"
#include "worker/network_gate.hpp"
#include "worker/resume_note.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::string_view gate_missing =
    "the agent was not started: its tool gate, which asks before every tool call, did not answer. Restart "
    "the "
    "worker to have it written anew";

constexpr std::chrono::seconds waiting_step{1};

Outcome failure(std::string why) { return {.kind = Outcome::Kind::failed, .text = std::move(why)}; }

std::string in_seconds(std::chrono::milliseconds duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// What the memory says today; what the agent already knows when it cannot be read.
MemorySnapshot read_memory(const std::filesystem::path& workspace, const MemorySnapshot& known) {
  try {
    return Memory{workspace}.open_day(local_date(domain::wall_clock_now()));
  } catch (const std::system_error& error) {
    log::warn("memory.unusable", {{"error", error.what()}});
    return known;
  }
}

}  // namespace

asio::awaitable<Outcome> PiAgent::run(domain::Job job, AgentListener& listener) {
  time_limit_ = Clock::now() + options_.job_timeout;
  // Before the agent's sandbox begins: one that works on copies gets them with the rest of the workspace.
  co_await receive_attachments(job, listener);
  const auto session = co_await take_session();
  if (!session) co_return failure("the agent could not be started: " + session.error());
  if (*session == nullptr) co_return Outcome{.kind = Outcome::Kind::aborted};

  process_ = (*session)->process.get();
  process_->listen(true);
  access_ = (*session)->access.get();
  access_->begin(job.id, network_hooks(gate_, listener), &listener.files());
  Outcome outcome;
  try {
    outcome = co_await use(**session, job, listener);
  } catch (const std::exception& fault) {
    outcome = failure(std::string{"internal error: "} + fault.what());
    healthy_ = false;
  }
  co_await dialogs_.end();
  if (steered_) process_->send(pi::clear_queue("clear"));
  co_await bring_files_out(listener, outcome);
  process_->listen(false);
  process_ = nullptr;
  access_->end();
  co_await access_->settle();
  outcome = finish(std::move(outcome), *access_);
  access_ = nullptr;
  (*session)->known = read_memory(conversation_.workspace, (*session)->known);
  pool_.release(conversation_, healthy_ ? SessionPool::Reuse::keep_warm : SessionPool::Reuse::discard);
  co_return outcome;
}

asio::awaitable<void> PiAgent::receive_attachments(const domain::Job& job, AgentListener& listener) {
  if (receiver_ && !aborted_) attachments_ = co_await receiver_->receive(job, listener.files());
}

asio::awaitable<std::expected<PiSession*, std::string>> PiAgent::take_session() {
  const auto deadline = Clock::now() + options_.spawn_timeout;
  while (!aborted_) {
    auto session = pool_.try_acquire(conversation_);
    if (!session || *session != nullptr) co_return session;
    if (Clock::now() >= deadline) co_return std::unexpected(std::string{"its earlier job does not end"});
    co_await pool_.changed().wait_until(deadline);
  }
  co_return nullptr;
}

asio::awaitable<Outcome> PiAgent::use(PiSession& session, domain::Job job, AgentListener& listener) {
  if (!session.ready) {
    auto problem = co_await get_ready(session);
    if (problem) co_return std::move(*problem);
  } else if (const auto brought = co_await bring_files_in(); !brought) {
    healthy_ = false;
    co_return aborted_ ? Outcome{.kind = Outcome::Kind::aborted} : failure(brought.error());
  }
  if (aborted_) co_return Outcome{.kind = Outcome::Kind::aborted};
  gate_.settle_in(session.scratch->folder().string(), session.sandbox_profile, refresh());
  begin_turn(session, job, listener);
  co_return co_await converse(listener);
}

/// An abort moves it: what is not over by then is lost with the machine.
PiProcess::Deadline PiAgent::copy_deadline() const {
  const auto latest = Clock::now() + options_.copy_patience;
  return [this, latest] { return aborted_ ? std::min(force_at_, latest) : latest; };
}

asio::awaitable<std::expected<void, std::string>> PiAgent::bring_files_in() {
  auto brought = co_await process_->bring_files_in(copy_deadline());
  if (!brought) co_return std::unexpected(brought.error());
  std::ranges::move(*brought, std::back_inserter(not_kept_));
  co_return std::expected<void, std::string>{};
}

ToolGate::Refresh PiAgent::refresh() {
  if (!process_->has_copies()) return {};
  return [this] { return refresh_files(); };
}

asio::awaitable<std::expected<void, std::string>> PiAgent::refresh_files() {
  auto brought = co_await process_->bring_files_out(copy_deadline());
  if (!brought) co_return std::unexpected(brought.error());
  std::ranges::move(*brought, std::back_inserter(not_kept_));
  co_return std::expected<void, std::string>{};
}

asio::awaitable<void> PiAgent::bring_files_out(AgentListener& listener, Outcome& outcome) {
  if (!process_->has_copies() || process_->ended()) co_return;
  auto brought = co_await process_->bring_files_out(copy_deadline());
  if (!brought) {
    log::warn("pi.files_lost", {{"pid", process_->pid()}, {"error", brought.error()}});
    healthy_ = false;
    if (outcome.kind != Outcome::Kind::aborted) {
      outcome = aborted_ ? Outcome{.kind = Outcome::Kind::aborted} : failure(brought.error());
    }
    co_return;
  }
  std::ranges::move(*brought, std::back_inserter(not_kept_));
  for (const auto& sentence : std::exchange(not_kept_, {})) {
    listener.report(refusal_event(Refused::tool, sentence));
  }
}

/// Waits for pi's first answer, and for its gate: without it no prompt is sent.
asio::awaitable<std::optional<Outcome>> PiAgent::get_ready(PiSession& session) {
  const std::string id = "ready-" + process::random_hex(4);
  process_->send(pi::get_state(id));
  auto deadline = std::min(Clock::now() + options_.spawn_timeout, time_limit_);
  bool answered = false;
  bool gated = false;
  healthy_ = false;
  while (!(answered && gated)) {
    const auto now = Clock::now();
    if (aborted_ && now >= force_at_) co_return Outcome{.kind = Outcome::Kind::aborted};
    if (now >= deadline && answered) co_return failure(std::string{gate_missing});
    if (now >= deadline) {
      co_return failure("the agent did not start within " + in_seconds(options_.spawn_timeout));
    }
    const auto until = std::min(deadline, force_at_);
    const auto record = co_await process_->next(until);
    if (!record && process_->ended()) {
      co_return failure("the agent could not be started: pi ended with " + process_->describe_end());
    }
    if (!record) continue;
    gated = gated || std::holds_alternative<pi::GateAnnounced>(*record);
    if (const auto* dialog = std::get_if<pi::Dialog>(&*record)) process_->send(pi::cancel_dialog(dialog->id));
    const auto* response = std::get_if<pi::Response>(&*record);
    if (response == nullptr || response->id != id) continue;
    answered = true;
    session.has_history = response->messages > 0;
    deadline = std::min(deadline, Clock::now() + options_.gate_patience);
  }
  healthy_ = true;
  session.ready = true;
  co_return std::nullopt;
}

void PiAgent::begin_turn(PiSession& session, const domain::Job& job, const AgentListener& listener) {
  const auto memory = read_memory(conversation_.workspace, session.known);
  const std::string note = memory_changes(session.known, memory);
  session.known = memory;
  const auto interrupted = listener.interrupted_call();
  const bool resumes = interrupted && session.has_history;
  session.has_history = true;
  const std::string id = "prompt-" + process::random_hex(4);
  // A model that numbers its calls anew each time must not be taken to mean those of the attempt before.
  turn_.emplace(id, interrupted ? process::random_hex(2) + "-" : std::string{});
  if (resumes) {
    process_->send(pi::prompt(id, note + resume_note(*interrupted, job.prompt)));
  } else {
    process_->send(pi::prompt(id, note + attachments_.note + job.prompt, attachments_.pictures));
  }
  attachments_ = {};
}

/// From the prompt to the end of its run.
asio::awaitable<Outcome> PiAgent::converse(AgentListener& listener) {
  while (!turn_->outcome()) {
    const auto deadline = next_deadline(listener.person_wait());
    const auto record = co_await process_->next(deadline);
    if (record) {
      take(*record, listener);
      if (turn_->outcome()) break;
    } else if (process_->ended()) {
      healthy_ = false;
      co_return died();
    }
    // Also between records: an agent that never stops talking has deadlines too.
    if (auto forced = check_deadlines(listener.person_wait(), Clock::now())) {
      healthy_ = false;
      co_return std::move(*forced);
    }
  }
  // A pi that takes no prompt may take one when it is started anew, with a key that was missing.
  if (!turn_->has_run() || turn_->out_of_bounds() || turn_->ungated()) healthy_ = false;
  co_return *turn_->outcome();
}

void PiAgent::take(const pi::Record& record, AgentListener& listener) {
  probed_ = false;
  for (auto& event : turn_->take(record, Clock::now())) listener.report(std::move(event));
  flush_commands();
  if (const auto* dialog = std::get_if<pi::Dialog>(&record)) {
    dialogs_.answer(*dialog, *turn_, *process_, listener);
  }
  if (const auto* error = std::get_if<pi::ExtensionError>(&record)) {
    log::error("pi.extension_error", {{"pid", process_->pid()}, {"error", error->error}});
  }
}

/// Sends what pi can only take while it works on the prompt.
void PiAgent::flush_commands() {
  if (!turn_ || !turn_->started()) return;
  if ((aborted_ || timed_out_) && !abort_sent_) {
    abort_sent_ = true;
    process_->send(pi::clear_queue("clear"));
    process_->send(pi::abort("abort"));
  }
  for (auto& [mode, text] : messages_) {
    steered_ = true;
    process_->send(mode == api::MessageMode::steer ? pi::steer("steer", text)
                                                   : pi::follow_up("follow", text));
  }
  messages_.clear();
}

PiAgent::Clock::time_point PiAgent::next_deadline(const PersonWait& waited) const {
  const auto now = Clock::now();
  auto next = timed_out_ ? Clock::time_point::max() : time_limit(waited, now);
  // Both move on while people are waited for: looked at again now and then, as nobody tells when that ends.
  if (waited.waits()) next = std::max(next, now + waiting_step);
  return std::min({force_at_, next, silence_deadline(waited)});
}

PiAgent::Clock::time_point PiAgent::time_limit(const PersonWait& waited, Clock::time_point now) const {
  return time_limit_ + waited.total(now);
}

PiAgent::Clock::time_point PiAgent::silence_deadline(const PersonWait& waited) const {
  // While the gate is open it is pi that waits.
  if (dialogs_.waiting()) return Clock::time_point::max();
  if (waited.waits()) return Clock::now() + options_.silence_timeout;
  return std::max({process_->last_heard(), dialogs_.answered(), waited.ended()}) +
         options_.silence_timeout * (probed_ ? 2 : 1);
}

std::optional<Outcome> PiAgent::check_deadlines(const PersonWait& waited, Clock::time_point now) {
  if (now >= force_at_) return Outcome{.kind = Outcome::Kind::aborted};
  if (now >= time_limit(waited, now) && !timed_out_) {
    timed_out_ = true;
    dialogs_.close();
    access_->hold();
    turn_->expect_abort();
    force_at_ = std::min(force_at_, now + options_.abort_patience);
    flush_commands();
  }
  if (now < silence_deadline(waited)) return std::nullopt;
  if (turn_->tool_running() && !probed_) {
    // A tool may be quiet for long; pi itself answers meanwhile.
    probed_ = true;
    process_->send(pi::get_state("alive"));
    return std::nullopt;
  }
  return failure("the agent said nothing for " + in_seconds(options_.silence_timeout) + " and was ended");
}

Outcome PiAgent::died() const {
  if (aborted_) return {.kind = Outcome::Kind::aborted};
  return failure("the agent ended in the middle of its work: pi ended with " + process_->describe_end());
}

Outcome PiAgent::finish(Outcome outcome, const AgentAccess& access) const {
  // pi's own words for it are the provider's protocol.
  if (outcome.kind == Outcome::Kind::failed && access.refusal()) outcome.text = *access.refusal();
  if (outcome.kind == Outcome::Kind::aborted && timed_out_ && !aborted_) {
    outcome.kind = Outcome::Kind::failed;
    outcome.text = "the job took longer than " + in_seconds(options_.job_timeout);
  }
  return outcome;
}

void PiAgent::abort(std::chrono::milliseconds patience) {
  aborted_ = true;
  dialogs_.close();
  force_at_ = std::min(force_at_, Clock::now() + patience);
  if (access_ != nullptr) access_->hold();
  if (turn_) turn_->expect_abort();
  if (receiver_) receiver_->cancel();
  if (process_ == nullptr) return pool_.changed().notify_all();
  flush_commands();
  process_->wake();
}

void PiAgent::message(api::MessageMode mode, std::string text) {
  messages_.emplace_back(mode, std::move(text));
  if (process_ != nullptr) flush_commands();
}

}  // namespace butler::worker
