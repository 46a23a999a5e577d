#pragma once

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "json/value.hpp"
#include "sandbox/sandbox.hpp"
#include "unit/temp_folder.hpp"
#include "worker/agent.hpp"
#include "worker/conversation.hpp"
#include "worker/events.hpp"
#include "worker/job_files.hpp"
#include "worker/tool_decision.hpp"

/// What the worker's tests share.
namespace butler::worker::testing_support {

/// No test of this module takes longer; one that would is stuck.
inline constexpr std::chrono::seconds stuck{90};

using test::TempFolder;

inline std::string file_content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{stream}, {}};
}

inline void write_file(const std::filesystem::path& file, std::string_view content) {
  std::ofstream(file, std::ios::binary) << content;
}

/// Runs a task to its end on the context and returns its value; throws what it throws, or when it is stuck.
template <class T>
T run_to_end(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr fault;
  bool ended = false;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
    fault = error;
    if (!error) result.emplace(std::move(value));
    ended = true;
  });
  context.restart();
  const auto deadline = std::chrono::steady_clock::now() + stuck;
  while (!ended && std::chrono::steady_clock::now() < deadline) context.run_one_until(deadline);
  if (fault) std::rethrow_exception(fault);
  if (!result) throw std::runtime_error("the task is stuck");
  return std::move(*result);
}

inline void run_to_end(boost::asio::io_context& context, boost::asio::awaitable<void> task) {
  auto wrap = [](boost::asio::awaitable<void> inner) -> boost::asio::awaitable<bool> {
    co_await std::move(inner);
    co_return true;
  };
  run_to_end(context, wrap(std::move(task)));
}

/// Files of a job without an orchestrator.
class FakeJobFiles final : public JobFiles {
 public:
  struct Sent {
    std::string name;
    std::string media_type;
    std::string kind;
    std::string caption;
    std::string content;
  };

  boost::asio::awaitable<std::expected<IncomingFile, std::string>> fetch(std::string name,
                                                                         std::filesystem::path target,
                                                                         std::uint64_t) override {
    if (hang) {
      // The task is cancelled, not the event notified.
      async::Event never(co_await boost::asio::this_coro::executor);
      co_await never.wait();
    }
    const auto found = incoming.find(name);
    if (found == incoming.end()) co_return std::unexpected("it is not there any more");
    const auto& [media_type, content] = found->second;
    write_file(target, content);
    co_return IncomingFile{.media_type = media_type, .size = content.size()};
  }
  boost::asio::awaitable<std::expected<std::string, std::string>> send(OutgoingFile file) override {
    if (hang) {
      async::Event never(co_await boost::asio::this_coro::executor);
      co_await never.wait();
    }
    if (!refusal.empty()) co_return std::unexpected(refusal);
    sent.push_back({.name = file.name,
                    .media_type = file.media_type,
                    .kind = file.kind.value_or(""),
                    .caption = file.caption.value_or(""),
                    .content = file_content(file.content)});
    co_return file.name;
  }

  std::map<std::string, std::pair<std::string, std::string>> incoming;  ///< media type and content, by name
  std::vector<Sent> sent;
  std::string refusal;  ///< why nothing can be sent
  bool hang = false;    ///< whatever is asked for takes for ever
};

/// Keeps what an agent reports. The record is there at once unless `records` is switched off.
class ListenerLog final : public AgentListener {
 public:
  explicit ListenerLog(boost::asio::io_context& context) : changed_(context.get_executor()) {}

  void report(api::ReportedEvent event) override {
    events.push_back(std::move(event));
    if (on_event) on_event(events.back());
    changed_.notify_all();
  }
  boost::asio::awaitable<bool> recorded() override {
    while (!answer) co_await changed_.wait();
    co_return *answer;
  }
  boost::asio::awaitable<Permission> ask(api::ApprovalRequest request) override {
    asked.push_back(std::move(request));
    if (on_ask) on_ask(asked.back());
    const PersonWait::Span waiting(wait);
    changed_.notify_all();
    while (!permission) co_await changed_.wait();
    co_return *permission;
  }
  const PersonWait& person_wait() const override { return wait; }
  JobFiles& files() override { return job_files; }
  std::optional<api::Approval> interrupted_call() const override { return interrupted; }
  /// What ask() says; waits while unset.
  void decide(Permission value) {
    permission = std::move(value);
    changed_.notify_all();
  }

  /// What recorded() says; waits while unset.
  void set_answer(bool value) {
    answer = value;
    changed_.notify_all();
  }

  std::string text() const {
    std::string all;
    for (const auto& event : events) {
      if (event.type == domain::EventType::agent_text_delta) all += delta_of(event)->get_string();
    }
    return all;
  }
  std::size_t count(domain::EventType type) const {
    std::size_t found = 0;
    for (const auto& event : events) found += event.type == type ? 1 : 0;
    return found;
  }
  /// The data of the first event of that type as JSON text; "" when there is none.
  std::string first(domain::EventType type) const {
    for (const auto& event : events) {
      if (event.type == type) return event.data ? json::serialize(*event.data) : event.message.value_or("");
    }
    return {};
  }

  std::vector<api::ReportedEvent> events;
  std::function<void(const api::ReportedEvent&)> on_event;
  std::optional<bool> answer = true;
  std::vector<api::ApprovalRequest> asked;
  std::function<void(const api::ApprovalRequest&)> on_ask;
  std::optional<Permission> permission;
  std::optional<api::Approval> interrupted;
  PersonWait wait;
  FakeJobFiles job_files;

 private:
  async::Event changed_;
};

/// The pinned pi, where tools/setup/runtime.sh puts it.
inline std::filesystem::path runtime_pi() {
  const auto variable = [](const char* name) -> std::filesystem::path {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::filesystem::path runtime = variable("BUTLER_RUNTIME");
  if (runtime.empty() && !variable("BUTLER_HOME").empty()) runtime = variable("BUTLER_HOME") / "runtime";
  if (runtime.empty() && ::geteuid() == 0) runtime = "/var/lib/butler/runtime";
  if (runtime.empty()) runtime = std::filesystem::path{BUTLER_SOURCE_DIR} / ".data/runtime";
  return runtime / "bin/pi";
}

/// What the user's models.json says of the provider "mock", whose address is `base_url`.
inline std::string models_json(const std::string& base_url) {
  return R"({"providers":{"mock":{"baseUrl":")" + base_url +
         R"(","api":"openai-completions","apiKey":"$MOCK_API_KEY","models":[{"id":"mock-1",)"
         R"("cost":{"input":1,"output":2,"cacheRead":0.1,"cacheWrite":1.25}}]}}})";
}

/// The job's conversation; it has one.
inline Conversation conversation_of(const domain::Job& job, const config::WorkerSettings& settings) {
  return open_conversation(job, settings).value();
}

/// Contains nothing: the program runs as the test does, also as root.
class PlainSandbox final : public sandbox::Sandbox {
 public:
  sandbox::Tier tier() const override { return sandbox::Tier::none; }
  std::expected<sandbox::Started, std::string> start(const boost::asio::any_io_executor& executor,
                                                     const sandbox::Spec& spec,
                                                     const sandbox::TakeListener& take) override {
    specs.push_back(spec);
    auto listener = http::ListeningSocket::on_port("127.0.0.1", 0);
    auto environment = spec.environment;
    if (spec.listener_environment) {
      const auto more = spec.listener_environment(listener.port());
      environment.insert(environment.end(), more.begin(), more.end());
    }
    take(std::move(listener));
    auto child = process::ChildProcess::spawn(executor, {.arguments = spec.arguments,
                                                         .environment = environment,
                                                         .working_directory = spec.workspace,
                                                         .stdin_mode = spec.stdin_mode,
                                                         .stderr_mode = spec.stderr_mode});
    if (!child) return std::unexpected(child.error());
    sandbox::Started started{.child = std::move(*child), .profile = profile(), .watch = nullptr};
    if (copies) started.copies = copies();
    return started;
  }

  std::vector<sandbox::Spec> specs;                          ///< what was asked for
  std::function<std::unique_ptr<sandbox::Copies>()> copies;  ///< for programs that are to work on copies
};

/// A policy that says this of everything.
inline Decide decides(policy::Verdict verdict, std::string reason = "Because.") {
  return [=](const policy::Question&) {
    return policy::Decision{.verdict = verdict, .rule = "test-rule", .reason = reason};
  };
}

inline domain::Job make_job(std::string prompt, std::string session_key = "telegram:1:v1") {
  domain::Job job;
  job.id = "01234567-89ab-7def-8123-456789abcdef";
  job.status = domain::JobStatus::running;
  job.prompt = std::move(prompt);
  job.chat_id = "1";
  job.requester_id = "1";
  job.session_key = std::move(session_key);
  return job;
}

}  // namespace butler::worker::testing_support
