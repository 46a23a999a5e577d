#include "worker/run_command.hpp"

#include <algorithm>
#include <utility>

#include "async/task_group.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "worker/events.hpp"
#include "worker/network_gate.hpp"

namespace butler::worker {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view call_id = "run";
constexpr std::string_view tool_name = "bash";
constexpr std::string_view cut_note = "\n[the rest of the output is left out]\n";
constexpr std::size_t text_limit = domain::limits::result_text - cut_note.size();

// The last bytes of a command's output are in the pipe when it has ended and its children are dead.
constexpr std::chrono::seconds grace_for_output{1};

constexpr std::chrono::seconds question_step{1};

}  // namespace

std::string OutputText::feed(std::string_view bytes) {
  pending_.append(bytes);
  const auto whole = pending_.size() - domain::incomplete_utf8_tail(pending_);
  std::string shown = show(std::string_view{pending_}.substr(0, whole));
  pending_.erase(0, whole);
  return shown;
}

std::string OutputText::finish() { return show(std::exchange(pending_, {})); }

std::string OutputText::show(std::string_view bytes) {
  if (full_ || bytes.empty()) return {};
  std::string valid = domain::to_valid_utf8(bytes);
  const auto count = domain::count_code_points(valid);
  if (code_points_ + count > text_limit) {
    valid.resize(domain::prefix_code_points(valid, text_limit - code_points_).size());
    valid.append(cut_note);
    full_ = true;
  }
  code_points_ += count;
  text_ += valid;
  return valid;
}

asio::awaitable<Outcome> RunCommand::run(domain::Job job, AgentListener& listener) {
  ToolCall call{.id = std::string{call_id}, .name = std::string{tool_name}, .arguments = {}};
  call.arguments = json::Object{{"command", job.prompt}};
  listener.report(tool_start_event(call));
  const bool on_record = co_await listener.recorded();
  if (!on_record || aborted_) co_return Outcome{.kind = Outcome::Kind::aborted};
  if (options_.receiver) co_await options_.receiver->receive(job, listener.files());
  if (aborted_) co_return Outcome{.kind = Outcome::Kind::aborted};

  const Scratch scratch(options_.scratch_parent);
  auto spec = spec_of(job.prompt, scratch);
  const ServiceToken token;
  spec.listener_environment = [&](std::uint16_t port) { return token.way_out(port); };
  const sandbox::TakeListener take = [&](http::ListeningSocket socket) {
    if (options_.serve) access_ = options_.serve(std::move(socket), token);
  };
  auto started = options_.sandbox->start(executor_, spec, take);
  if (!started) co_return Outcome{.kind = Outcome::Kind::failed, .text = started.error()};
  gate_.settle_in(scratch.folder().string(), started->profile);
  if (access_) access_->begin(job.id, network_hooks(gate_, listener), &listener.files());
  Outcome outcome = co_await supervise(std::move(*started), scratch, listener);
  const bool failed = outcome.kind != Outcome::Kind::completed;
  listener.report(tool_end_event(call_id, tool_name, output_.text(), failed));
  co_return outcome;
}

sandbox::Spec RunCommand::spec_of(const std::string& command, const Scratch& scratch) const {
  auto spec = options_.spec(scratch.folder());
  spec.arguments = {"/bin/bash", "-c", command};
  spec.stdin_mode = process::Stdin::null;
  spec.stderr_mode = process::Stderr::merged_into_stdout;
  return spec;
}

asio::awaitable<Outcome> RunCommand::supervise(sandbox::Started started, const Scratch& scratch,
                                               AgentListener& listener) {
  process::ChildProcess& child = started.child;
  async::TaskGroup tasks(executor_);
  tasks.spawn("output", read_output(child, listener));
  tasks.spawn("exit", watch_exit(child));
  if (started.watch) tasks.spawn("sandbox limits", started.watch->run());

  const bool timed_out = co_await await_end(listener.person_wait());
  if (access_) access_->end();
  // What it left in the background goes as well: nobody would know of it.
  child.kill_tree();
  scratch.kill_strays();
  const auto output_deadline = Clock::now() + grace_for_output;
  while (!(exit_ && output_ended_) && Clock::now() < output_deadline) {
    co_await changed_.wait_until(output_deadline);
  }
  tasks.cancel();
  co_await tasks.join();
  if (access_) co_await access_->settle();
  access_.reset();
  if (started.watch) verdict_ = started.watch->verdict();
  co_return outcome_of(timed_out);
}

asio::awaitable<bool> RunCommand::await_end(const PersonWait& waited) {
  const auto limit = Clock::now() + options_.time_limit;
  while (!exit_ && !aborted_) {
    const auto now = Clock::now();
    auto deadline = limit + waited.total(now);
    if (now >= deadline) co_return true;
    // It moves on while people are waited for, and nobody tells when that ends.
    if (waited.waits()) deadline = std::max(deadline, now + question_step);
    co_await changed_.wait_until(deadline);
  }
  co_return false;
}

asio::awaitable<void> RunCommand::read_output(process::ChildProcess& child, AgentListener& listener) {
  for (;;) {
    const std::string bytes = co_await child.read_stdout();
    const std::string text = bytes.empty() ? output_.finish() : output_.feed(bytes);
    if (!text.empty()) listener.report(text_event(text));
    if (bytes.empty()) break;
  }
  output_ended_ = true;
  changed_.notify_all();
}

asio::awaitable<void> RunCommand::watch_exit(process::ChildProcess& child) {
  exit_ = co_await child.wait();
  changed_.notify_all();
}

Outcome RunCommand::outcome_of(bool timed_out) const {
  using enum Outcome::Kind;
  if (aborted_) return {.kind = aborted};
  if (verdict_) return {.kind = failed, .text = *verdict_};
  if (timed_out) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.time_limit);
    return {.kind = failed, .text = "the command took longer than " + std::to_string(seconds.count()) + " s"};
  }
  if (exit_ && exit_->success()) return {.kind = completed, .text = output_.text()};
  return {.kind = failed, .text = exit_ ? exit_->describe() : "the command did not end"};
}

void RunCommand::abort(std::chrono::milliseconds /*patience*/) {
  aborted_ = true;
  if (options_.receiver) options_.receiver->cancel();
  if (access_) access_->end();
  changed_.notify_all();
}

void RunCommand::message(api::MessageMode /*mode*/, std::string /*text*/) {}

}  // namespace butler::worker
