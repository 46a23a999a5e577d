#include "mcp_host/local_upstream.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "log/log.hpp"
#include "process/child_process.hpp"
#include "process/line_framer.hpp"

namespace butler::mcp_host {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_line = std::size_t{8} * 1024 * 1024;
constexpr std::size_t lines_on_their_way = 256;
constexpr std::size_t shown_of_errors = 300;
constexpr std::chrono::seconds greeting_timeout{30};
constexpr std::string_view protocol_version = "2025-06-18";

/// Makes the folder and those above it that are missing; "" or what is wrong.
std::string make_folder(const fs::path& folder) {
  fs::path made;
  for (const auto& part : folder) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST) {
      return "its folder " + made.string() + " cannot be made: " + std::strerror(errno);
    }
  }
  return {};
}

process::SpawnOptions spawn_options(const LocalServer& local, const fs::path& folder,
                                    const std::string& search_path) {
  std::map<std::string, std::string> variables{
      {"PATH", search_path}, {"HOME", folder.string()}, {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : local.environment) variables[name] = value;
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return {.arguments = local.command, .environment = std::move(environment), .working_directory = folder};
}

/// What is in its memory must not lie in a file after a crash.
void forbid_core_files(pid_t pid) {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::prlimit(pid, RLIMIT_CORE, &none, nullptr) != 0 && errno != ESRCH) {
    log::warn("mcp.unlimited", {{"error", std::strerror(errno)}});
  }
}

Call greeting() {
  const json::Object client{{"name", "butler"}, {"version", "1"}};
  return {
      .method = Method::initialize,
      .id = 0,
      .params = {
          {"protocolVersion", protocol_version}, {"capabilities", json::Object{}}, {"clientInfo", client}}};
}

/// What is answered to a request of the server's: it may look whether we are there, and nothing else.
std::string answer_to_server(const json::Value& id, std::string_view method) {
  if (method != "ping") return error_text(id, method_not_found, "this client does nothing for servers");
  return json::serialize(json::Object{{"jsonrpc", "2.0"}, {"id", id}, {"result", json::Object{}}});
}

}  // namespace

/// One process, from its start to its end.
class LocalUpstream::Life {
 public:
  Life(const asio::any_io_executor& executor, std::string name, process::ChildProcess child)
      : name_(std::move(name)), child_(std::move(child)), changed_(executor) {}

  bool over() const { return !ended_.empty(); }
  const std::string& why() const { return ended_; }
  const std::optional<json::Object>& greeting() const { return greeting_; }

  /// Nothing is expected of it any more.
  void end(std::string why) {
    if (over()) return;
    ended_ = std::move(why);
    child_.kill_tree();
    changed_.notify_all();
  }

  /// The server's answer; a failure when it comes too late or not at all.
  asio::awaitable<Reply> ask(const Call& call, Deadline deadline);
  /// Returns when the server has said what it is, or is over; false at the deadline.
  asio::awaitable<bool> wait_for_greeting(Deadline deadline);

  static asio::awaitable<void> greet(std::shared_ptr<Life> self);
  static asio::awaitable<void> read(std::shared_ptr<Life> self);
  static asio::awaitable<void> read_errors(std::shared_ptr<Life> self);
  static asio::awaitable<void> write(std::shared_ptr<Life> self);

 private:
  /// A call that waits. However that ends, nothing waits for its answer afterwards.
  struct Waiting {
    Life& life;
    std::int64_t id;
    ~Waiting();
  };

  void send(std::string line);
  void take(std::string_view line);

  std::string name_;
  process::ChildProcess child_;
  async::Event changed_;
  std::string ended_;  ///< why, as a sentence; "" while it lives
  std::optional<json::Object> greeting_;
  std::int64_t next_id_ = 1;
  std::map<std::int64_t, std::optional<json::Object>> waiting_;
  std::deque<std::string> outgoing_;
  std::string last_errors_;
};

LocalUpstream::Life::Waiting::~Waiting() {
  const bool answered = life.waiting_[id].has_value();
  life.waiting_.erase(id);
  if (answered || life.over()) return;
  const json::Object params{{"requestId", id}};
  life.send(json::serialize(
      json::Object{{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", params}}));
}

void LocalUpstream::Life::send(std::string line) {
  if (outgoing_.size() >= lines_on_their_way) return end("the MCP server does not read what it is sent");
  outgoing_.push_back(std::move(line));
  changed_.notify_all();
}

void LocalUpstream::Life::take(std::string_view line) {
  auto message = json::parse_tolerant(line);
  const auto* object = message ? message->if_object() : nullptr;
  if (object == nullptr) return;  // some servers greet people there
  const auto* id = object->if_contains("id");
  if (id == nullptr) return;
  if (object->contains("method")) return send(answer_to_server(*id, json::find_string(*message, "method")));
  const auto* number = id->if_int64();
  const auto found = number == nullptr ? waiting_.end() : waiting_.find(*number);
  if (found == waiting_.end()) return;
  auto answer = read_answer(line, *id);
  if (!answer) return end("the MCP server has answered with what is no answer");
  found->second = std::move(answer);
  changed_.notify_all();
}

asio::awaitable<Reply> LocalUpstream::Life::ask(const Call& call, Deadline deadline) {
  const std::int64_t id = next_id_++;
  waiting_[id] = std::nullopt;
  const Waiting waiting{.life = *this, .id = id};
  send(call_text(call, id));
  while (!waiting_[id] && !over()) {
    const bool in_time = co_await changed_.wait_until(deadline);
    if (!in_time) co_return Reply{.failure = "the MCP server has not answered in time"};
  }
  if (!waiting_[id]) co_return Reply{.failure = ended_};
  co_return Reply{.answer = waiting_[id]};
}

asio::awaitable<bool> LocalUpstream::Life::wait_for_greeting(Deadline deadline) {
  while (!greeting_ && !over()) {
    const bool in_time = co_await changed_.wait_until(deadline);
    if (!in_time) co_return false;
  }
  co_return true;
}

asio::awaitable<void> LocalUpstream::Life::greet(std::shared_ptr<Life> self) {
  const auto call = mcp_host::greeting();
  auto reply = co_await self->ask(call, std::chrono::steady_clock::now() + greeting_timeout);
  const auto* result = reply.answer ? reply.answer->if_contains("result") : nullptr;
  if (result == nullptr || !result->is_object()) {
    co_return self->end(reply.failure.empty() ? "the MCP server refuses to begin" : reply.failure);
  }
  const Call ready{.method = Method::initialized};
  self->send(call_text(ready, {}));
  self->greeting_ = std::move(*reply.answer);
  self->changed_.notify_all();
}

asio::awaitable<void> LocalUpstream::Life::read(std::shared_ptr<Life> self) {
  process::LineFramer framer(longest_line);
  for (;;) {
    const auto bytes = co_await self->child_.read_stdout();
    if (bytes.empty()) break;
    for (const auto& line : framer.feed(bytes)) self->take(line);
    if (framer.dropped_lines() > 0) self->end("the MCP server has written a line that is too long");
  }
  const bool expected = self->over();
  self->child_.kill_tree();
  const auto status = co_await self->child_.wait();
  const std::string how = status.describe();
  if (!expected) {
    log::warn("mcp.server_ended", {{"server", self->name_}, {"how", how}, {"errors", self->last_errors_}});
  }
  self->end("the MCP server has ended (" + how + "); the next request starts it again");
}

asio::awaitable<void> LocalUpstream::Life::read_errors(std::shared_ptr<Life> self) {
  for (;;) {
    const auto bytes = co_await self->child_.read_stderr();
    if (bytes.empty()) co_return;
    auto& kept = self->last_errors_;
    kept.append(bytes);
    if (kept.size() > shown_of_errors) kept.erase(0, kept.size() - shown_of_errors);
  }
}

asio::awaitable<void> LocalUpstream::Life::write(std::shared_ptr<Life> self) {
  while (!self->over()) {
    if (self->outgoing_.empty()) {
      co_await self->changed_.wait();
      continue;
    }
    // It counts as on its way until it is written.
    const bool written = co_await self->child_.write_stdin(self->outgoing_.front() + "\n");
    self->outgoing_.pop_front();
    if (!written) co_return;  // how it has ended is what reading finds out
  }
}

LocalUpstream::LocalUpstream(asio::any_io_executor executor, std::shared_ptr<const Server> server,
                             fs::path folder, std::string search_path)
    : executor_(std::move(executor)),
      server_(std::move(server)),
      folder_(std::move(folder)),
      search_path_(std::move(search_path)),
      tasks_(executor_) {}
LocalUpstream::~LocalUpstream() = default;

std::string LocalUpstream::start() {
  if (auto problem = make_folder(folder_); !problem.empty()) return problem;
  const auto options = spawn_options(std::get<LocalServer>(server_->place), folder_, search_path_);
  auto child = process::ChildProcess::spawn(executor_, options);
  if (!child) return "the MCP server cannot be started: " + child.error();
  forbid_core_files(child->pid());
  log::info("mcp.server_started", {{"server", server_->name}, {"pid", child->pid()}});
  life_ = std::make_shared<Life>(executor_, server_->name, std::move(*child));
  tasks_.spawn("MCP server's output", Life::read(life_));
  tasks_.spawn("MCP server's errors", Life::read_errors(life_));
  tasks_.spawn("MCP server's input", Life::write(life_));
  tasks_.spawn("MCP server's begin", Life::greet(life_));
  return {};
}

asio::awaitable<Reply> LocalUpstream::ask(Call call, SessionFields, Deadline deadline) {
  if (stopped_) co_return Reply{.failure = "the MCP server has been ended"};
  if (!life_ || life_->over()) {
    if (auto problem = start(); !problem.empty()) co_return Reply{.failure = std::move(problem)};
  }
  const auto life = life_;
  const bool in_time = co_await life->wait_for_greeting(deadline);
  if (!in_time) co_return Reply{.failure = "the MCP server has not begun in time"};
  if (life->over()) co_return Reply{.failure = life->why()};
  if (call.method == Method::initialized) co_return Reply{};
  if (call.method == Method::initialize) co_return Reply{.answer = life->greeting()};
  co_return co_await life->ask(call, deadline);
}

asio::awaitable<bool> LocalUpstream::end_session(SessionFields, Deadline) { co_return false; }

void LocalUpstream::stop() {
  stopped_ = true;
  if (life_) life_->end("the MCP server has been ended");
}

asio::awaitable<void> LocalUpstream::close() {
  stop();
  co_await tasks_.join();
  life_.reset();
}

}  // namespace butler::mcp_host
