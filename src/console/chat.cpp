#include "console/chat.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <deque>
#include <ostream>
#include <utility>
#include <vector>

#include "api/describe.hpp"
#include "async/task_group.hpp"
#include "console/answer_stream.hpp"
#include "console/chat_rules.hpp"
#include "console/decide.hpp"
#include "console/job_text.hpp"
#include "console/job_watch.hpp"
#include "console/kept_fault.hpp"
#include "console/line_reader.hpp"
#include "console/new_job.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/job_words.hpp"
#include "domain/overloaded.hpp"
#include "json/codec.hpp"
#include "terminal/screen.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds steering_patience{15};

/// Lines are carried out as they come, while the answers to earlier ones are shown in their order.
class Chat {
 public:
  Chat(Connection& connection, std::string session, Streams streams)
      : connection_(connection),
        session_(std::move(session)),
        streams_(streams),
        tasks_(connection.executor()),
        changed_(connection.executor()),
        prompts_(!streams.json && terminal::is_interactive(STDIN_FILENO, STDOUT_FILENO)) {}

  asio::awaitable<int> run() {
    using asio::experimental::awaitable_operators::operator||;
    LineReader reader(connection_.executor(), STDIN_FILENO);
    asio::signal_set signals(connection_.executor(), SIGINT, SIGTERM);
    streams_.say("Session " + session_ + ". /help shows the commands, /quit leaves.");
    write_session();
    prompt();
    const auto first = co_await (keep_fault(read_lines(reader)) || keep_fault(answer_turns()) ||
                                 keep_fault(obey_signals(signals)));
    tasks_.cancel();
    co_await tasks_.join();
    std::visit([](const Ended<void>& ended) { value_or_throw(ended); }, first);
    co_return failed_ ? 1 : 0;
  }

 private:
  asio::awaitable<void> read_lines(LineReader& reader) {
    for (;;) {
      const auto line = co_await reader.next();
      if (!line) break;
      const auto meant = read_chat_line(*line);
      if (meant && std::holds_alternative<Leave>(*meant)) co_return;
      if (meant) co_await carry_out(*meant);
      prompt();
    }
    while (!turns_.empty()) co_await changed_.wait();  // what was asked for over a pipe is still answered
  }

  /// A command that fails does not end the conversation.
  asio::awaitable<void> carry_out(ChatLine line) {
    std::string fault;
    try {
      co_await begin(std::move(line));
    } catch (const Failure& failure) {
      fault = failure.what();
    }
    if (!fault.empty()) streams_.say(fault);
  }

  asio::awaitable<void> begin(ChatLine line) {
    if (const auto* elsewhere = std::get_if<Elsewhere>(&line)) {
      streams_.say("Not here: " + elsewhere->advice);
      return nothing();
    }
    using Task = asio::awaitable<void>;
    const auto obey = domain::Overloaded{
        [this](domain::TaskCommand& task) -> Task { return ask(std::move(task.text)); },
        [this](domain::NewCommand& fresh) -> Task { return begin_session(std::move(fresh.prompt)); },
        [this](domain::StatusCommand&) -> Task { return show_status(); },
        [this](domain::AbortCommand& abort) -> Task { return stop(std::move(abort.job)); },
        [this](domain::SteerCommand& steer) -> Task { return tell_agent(std::move(steer.text)); },
        [this](domain::ApproveCommand& approve) -> Task {
          return allow(std::move(approve.id), std::move(approve.scope));
        },
        [this](domain::DenyCommand& deny) -> Task {
          return decide(std::move(deny.id), {.reason = std::move(deny.reason)});
        },
        [this](auto&) -> Task {
          streams_.say(chat_help());
          return nothing();
        }};
    return std::visit(obey, std::get<domain::ChatCommand>(line));
  }

  static asio::awaitable<void> nothing() { co_return; }

  asio::awaitable<void> ask(std::string prompt) {
    if (const auto fault = find_prompt_fault(prompt)) throw Failure(*fault);
    auto request = terminal_task(prompt, session_, connection_.access().person);
    const auto job = co_await create_job(connection_, std::move(request), new_request_key());
    if (streams_.json) streams_.write(json::Object{{"job", json::encode(job)}});
    turns_.push_back(job.id);
    changed_.notify_all();
  }

  asio::awaitable<void> begin_session(std::string prompt) {
    session_ = fresh_session_key(connection_.access().person);
    streams_.say("A fresh conversation: session " + session_ + ".");
    write_session();
    if (!prompt.empty()) co_await ask(std::move(prompt));
  }

  asio::awaitable<void> show_status() {
    api::JobQuery query;
    query.session_key = session_;
    constexpr std::size_t latest = 10;
    const auto jobs = co_await jobs_matching(connection_, query, latest);
    auto answer = co_await connection_.orchestrator().admin_state();
    if (connection_.require(std::move(answer)).paused) {
      streams_.say("Butler is paused: butler panic off goes on.");
    }
    if (jobs.empty()) streams_.say("Nothing was asked for in this session yet.");
    for (const auto& job : jobs) streams_.say(domain::job_line(job, domain::wall_clock_now()));
  }

  asio::awaitable<void> stop(std::string typed) {
    std::string id = turns_.empty() ? "" : turns_.front();
    if (!typed.empty()) {
      const auto job = co_await find_job(connection_, std::move(typed), "/abort");
      id = job.id;
    }
    if (id.empty()) {
      streams_.say("Nothing runs here.");
      co_return;
    }
    streams_.say("Stopping " + domain::short_job_id(id) + "…");
    auto stopped = co_await abort_job(connection_, id);
    connection_.require(std::move(stopped));
  }

  asio::awaitable<void> tell_agent(std::string text) {
    if (turns_.empty() || text.empty()) {
      streams_.say(text.empty() ? "Write what it should know behind /steer." : "Nothing runs here.");
      co_return;
    }
    const std::string id = turns_.front();
    const std::string key = new_request_key();
    const auto call = [&] {
      return connection_.orchestrator().send_message(id, key,
                                                     {.mode = api::MessageMode::steer, .text = text});
    };
    const auto sent = co_await call_patiently<void>(call, steering_patience);
    if (!sent && sent.error().code == "not_running") {
      streams_.say(domain::short_job_id(id) + " does not run yet, or no more.");
      co_return;
    }
    connection_.require(sent);
    streams_.say("Told " + domain::short_job_id(id) + ".");
  }

  asio::awaitable<void> allow(std::string id, std::string scope) {
    const auto wanted =
        scope.empty() ? domain::ApprovalScope::once : domain::enum_from_name<domain::ApprovalScope>(scope);
    if (!wanted) throw Failure("behind the id stands once, session, always or nothing");
    return decide(std::move(id), {.verdict = domain::ApprovalVerdict::allow, .scope = *wanted});
  }

  asio::awaitable<void> decide(std::string id, Decision decision) {
    const auto call = call_meant(shown_, id);
    if (!call) throw Failure(call.error());
    const auto decided = co_await decide_call(connection_, *call, std::move(decision));
    forget(decided.id);
  }

  /// Shows the answers one after the other, for ever.
  asio::awaitable<void> answer_turns() {
    for (;;) {
      while (turns_.empty()) co_await changed_.wait();
      const std::string id = turns_.front();
      std::string fault;
      try {
        co_await answer_turn(id);
      } catch (const Failure& failure) {
        fault = failure.what();
      }
      if (!fault.empty()) streams_.say(fault);
      failed_ = failed_ || !fault.empty();
      turns_.pop_front();
      prompt();
      changed_.notify_all();
    }
  }

  void write_session() const {
    if (streams_.json) streams_.write(json::Object{{"session", session_}});
  }

  void show_piece(const std::string& job_id, const api::Event& event, const std::string& text) const {
    if (streams_.json) return streams_.write(json::Object{{"jobId", job_id}, {"event", json::encode(event)}});
    streams_.out << text;
    streams_.out.flush();
  }

  asio::awaitable<void> answer_turn(std::string job_id) {
    AnswerStream answer(streams_.screen.is_terminal ? AnswerStream::Mode::live
                                                    : AnswerStream::Mode::at_the_end);
    const OnEvent show = [&](const api::Event& event) {
      const auto piece = answer.take(event);
      show_piece(job_id, event, piece.out);
      if (event.type == domain::EventType::approval_requested) {
        tasks_.spawn("show a call", show_call(job_id));
      } else if (!piece.status.empty()) {
        streams_.say(piece.status);
      }
      if (event.type == domain::EventType::approval_decided && event.data) {
        forget(json::find_string(*event.data, "id"));
      }
    };
    const auto job = co_await follow_job(connection_, job_id, show);
    std::erase_if(shown_, [&](const WaitingCall& call) { return call.job.id == job_id; });
    if (streams_.json) {
      streams_.write(json::Object{{"job", json::encode(job)}});
    } else {
      streams_.out << answer.finish(job);
      streams_.out.flush();
    }
    failed_ = job.status != domain::JobStatus::completed;
  }

  /// From the list, because an event holds a long input only in part.
  asio::awaitable<void> show_call(std::string job_id) {
    domain::Job job;
    job.id = job_id;
    for (auto& call : co_await waiting_calls_of(connection_, job)) {
      const bool known = std::ranges::any_of(
          shown_, [&](const WaitingCall& one) { return one.approval.id == call.approval.id; });
      if (known) continue;
      streams_.say("It wants to use " + call_in_full(call.approval, AskedIn::chat));
      shown_.push_back(std::move(call));
    }
  }

  void forget(std::string_view approval_id) {
    std::erase_if(shown_, [&](const WaitingCall& call) { return call.approval.id == approval_id; });
  }

  /// Ctrl-C stops what runs; when nothing does, it leaves.
  asio::awaitable<void> obey_signals(asio::signal_set& signals) {
    for (;;) {
      const int signal = co_await signals.async_wait(asio::use_awaitable);
      if (turns_.empty() || signal != SIGINT) co_return;
      co_await carry_out(domain::ChatCommand{domain::AbortCommand{}});
    }
  }

  void prompt() {
    if (!prompts_ || !turns_.empty()) return;
    streams_.out << "> ";
    streams_.out.flush();
  }

  Connection& connection_;
  std::string session_;
  Streams streams_;
  async::TaskGroup tasks_;
  async::Event changed_;  ///< a turn was added, or is over
  std::deque<std::string>
      turns_;  ///< jobs whose answers are still to be shown; the first one's is on its way
  std::vector<WaitingCall> shown_;  ///< calls that were asked about here
  bool prompts_;
  bool failed_ = false;  ///< the latest job did not end well
};

asio::awaitable<int> chat_in(Connection& connection, SessionChoice choice, Streams streams) {
  auto state = co_await connection.orchestrator().admin_state();
  connection.require(std::move(state));
  std::string session = choice.key;
  if (session.empty() && choice.continues) session = co_await latest_session(connection);
  if (session.empty()) session = fresh_session_key(connection.access().person);
  Chat chat(connection, std::move(session), streams);
  co_return co_await chat.run();
}

}  // namespace

int run_chat(const Access& access, const SessionChoice& session, Streams streams) {
  Connection connection(access);
  return connection.run(chat_in(connection, session, streams));
}

}  // namespace butler::console
