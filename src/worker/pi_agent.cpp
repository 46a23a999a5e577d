#include "worker/pi_agent.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/memory.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

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
  const auto session = co_await take_session();
  if (!session) co_return failure("the agent could not be started: " + session.error());
  if (*session == nullptr) co_return Outcome{.kind = Outcome::Kind::aborted};

  process_ = (*session)->process.get();
  process_->listen(true);
  access_ = (*session)->access.get();
  access_->begin(job.id);
  Outcome outcome;
  try {
    outcome = co_await use(**session, job, listener);
  } catch (const std::exception& fault) {
    outcome = failure(std::string{"internal error: "} + fault.what());
    healthy_ = false;
  }
  gates_.cancel();
  co_await gates_.join();
  if (steered_) process_->send(pi::clear_queue("clear"));
  process_->listen(false);
  process_ = nullptr;
  access_->end();
  outcome = finish(std::move(outcome), *access_);
  access_ = nullptr;
  (*session)->known = read_memory(conversation_.workspace, (*session)->known);
  pool_.release(conversation_, healthy_ ? SessionPool::Reuse::keep_warm : SessionPool::Reuse::discard);
  co_return outcome;
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
  }
  if (aborted_) co_return Outcome{.kind = Outcome::Kind::aborted};
  begin_turn(session, job.prompt);
  co_return co_await converse(listener);
}

/// Waits for pi's first answer.
asio::awaitable<std::optional<Outcome>> PiAgent::get_ready(PiSession& session) {
  const std::string id = "ready-" + process::random_hex(4);
  process_->send(pi::get_state(id));
  const auto deadline = std::min(Clock::now() + options_.spawn_timeout, time_limit_);
  while (!session.ready) {
    const auto now = Clock::now();
    if (aborted_ && now >= force_at_) {
      healthy_ = false;
      co_return Outcome{.kind = Outcome::Kind::aborted};
    }
    if (now >= deadline) {
      healthy_ = false;
      co_return failure("the agent did not start within " + in_seconds(options_.spawn_timeout));
    }
    const auto until = std::min(deadline, force_at_);
    const auto record = co_await process_->next(until);
    if (!record && process_->ended()) {
      healthy_ = false;
      co_return failure("the agent could not be started: pi ended with " + process_->describe_end());
    }
    if (!record) continue;
    if (const auto* dialog = std::get_if<pi::Dialog>(&*record)) process_->send(pi::cancel_dialog(dialog->id));
    if (const auto* response = std::get_if<pi::Response>(&*record)) session.ready = response->id == id;
  }
  co_return std::nullopt;
}

void PiAgent::begin_turn(PiSession& session, const std::string& text) {
  const auto memory = read_memory(conversation_.workspace, session.known);
  const std::string note = memory_changes(session.known, memory);
  session.known = memory;
  const std::string id = "prompt-" + process::random_hex(4);
  turn_.emplace(id);
  process_->send(pi::prompt(id, note + text));
}

/// From the prompt to the end of its run.
asio::awaitable<Outcome> PiAgent::converse(AgentListener& listener) {
  while (!turn_->outcome()) {
    const auto deadline = next_deadline();
    const auto record = co_await process_->next(deadline);
    if (record) {
      take(*record, listener);
      if (turn_->outcome()) break;
    } else if (process_->ended()) {
      healthy_ = false;
      co_return died();
    }
    // Also between records: an agent that never stops talking has deadlines too.
    if (auto forced = check_deadlines(Clock::now())) {
      healthy_ = false;
      co_return std::move(*forced);
    }
  }
  // A pi that takes no prompt may take one when it is started anew, with a key that was missing.
  if (!turn_->has_run() || turn_->out_of_bounds()) healthy_ = false;
  co_return *turn_->outcome();
}

void PiAgent::take(const pi::Record& record, AgentListener& listener) {
  probed_ = false;
  for (auto& event : turn_->take(record, Clock::now())) listener.report(std::move(event));
  flush_commands();
  if (const auto* dialog = std::get_if<pi::Dialog>(&record)) answer(*dialog, listener);
  if (const auto* error = std::get_if<pi::ExtensionError>(&record)) {
    log::error("pi.extension_error", {{"pid", process_->pid()}, {"error", error->error}});
  }
}

void PiAgent::answer(const pi::Dialog& dialog, AgentListener& listener) {
  const bool waits = dialog.method == "confirm" || dialog.method == "select" || dialog.method == "input" ||
                     dialog.method == "editor";
  if (!waits) return;
  const auto question = pi::read_gate_question(dialog);
  if (!question) return process_->send(pi::cancel_dialog(dialog.id));
  for (auto& event : turn_->announce(*question)) listener.report(std::move(event));
  ++open_gates_;
  gates_.spawn("tool gate", answer_gate(dialog.id, listener));
}

asio::awaitable<void> PiAgent::answer_gate(std::string dialog_id, AgentListener& listener) {
  const bool on_record = co_await listener.recorded();
  --open_gates_;
  gate_answered_ = Clock::now();
  process_->send(pi::confirm_dialog(dialog_id, on_record && !aborted_ && !timed_out_));
  process_->wake();  // silence counts again
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

PiAgent::Clock::time_point PiAgent::next_deadline() const {
  const auto next = std::min(force_at_, timed_out_ ? Clock::time_point::max() : time_limit_);
  return std::min(next, silence_deadline());
}

PiAgent::Clock::time_point PiAgent::silence_deadline() const {
  // While the gate is open it is pi that waits.
  if (open_gates_ > 0) return Clock::time_point::max();
  return std::max(process_->last_heard(), gate_answered_) + options_.silence_timeout * (probed_ ? 2 : 1);
}

std::optional<Outcome> PiAgent::check_deadlines(Clock::time_point now) {
  if (now >= force_at_) return Outcome{.kind = Outcome::Kind::aborted};
  if (now >= time_limit_ && !timed_out_) {
    timed_out_ = true;
    access_->hold();
    turn_->expect_abort();
    force_at_ = std::min(force_at_, now + options_.abort_patience);
    flush_commands();
  }
  if (now < silence_deadline()) return std::nullopt;
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
  force_at_ = std::min(force_at_, Clock::now() + patience);
  if (access_ != nullptr) access_->hold();
  if (turn_) turn_->expect_abort();
  if (process_ == nullptr) return pool_.changed().notify_all();
  flush_commands();
  process_->wake();
}

void PiAgent::message(api::MessageMode mode, std::string text) {
  messages_.emplace_back(mode, std::move(text));
  if (process_ != nullptr) flush_commands();
}

}  // namespace butler::worker
