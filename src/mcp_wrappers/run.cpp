#include "mcp_wrappers/run.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <exception>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "process/process_tree.hpp"
#include "terminal/display_width.hpp"

namespace butler::mcp_wrappers {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kept_bytes = std::size_t{4} << 20U;
constexpr std::size_t shown_bytes = 600;
constexpr const char* setpriv = "/usr/bin/setpriv";

/// What is left of earlier programs, whoever they have become children of.
void kill_leftovers() {
  for (int round = 0; round < 8; ++round) {
    bool found = false;
    const auto entries = process::list_processes();
    for (const pid_t pid : process::descendants_of(::getpid(), entries)) {
      const auto entry = std::ranges::find(entries, pid, &process::ProcessEntry::pid);
      if (entry == entries.end() || entry->state == 'Z' || entry->state == 'X') continue;
      found = ::kill(pid, SIGKILL) == 0 || found;
    }
    if (!found) return;
  }
}

std::vector<std::string> contained(const Program& program, const std::optional<process::SystemUser>& user) {
  std::vector<std::string> words{setpriv, "--pdeathsig", "KILL", "--no-new-privs"};
  if (user) {
    words.insert(words.end(), {"--reuid", std::to_string(user->uid), "--regid", std::to_string(user->gid),
                               "--init-groups", "--inh-caps=-all"});
  }
  words.emplace_back("--");
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  return words;
}

/// One program, from its start to its end.
class Course {
 public:
  explicit Course(process::ChildProcess child) : child_(std::move(child)) {}

  asio::awaitable<Outcome> follow(asio::any_io_executor executor, std::chrono::milliseconds limit) {
    async::TaskGroup reading(executor);
    async::TaskGroup watching(executor);
    reading.spawn("its output", keep_output());
    reading.spawn("its errors", keep_errors());
    watching.spawn("its limit", end_at(limit));
    watching.spawn("stop signal", end_at_signal());
    const auto status = co_await child_.wait();
    kill_leftovers();  // so that nobody else holds its pipes
    co_await reading.join();
    watching.cancel();
    co_await watching.join();
    if (interrupted_) throw Interrupted{};
    if (!late_) outcome_.status = status;
    co_return std::move(outcome_);
  }

 private:
  static void append(std::string& kept, const std::string& bytes) {
    if (kept.size() < kept_bytes) kept.append(bytes, 0, kept_bytes - kept.size());
  }
  asio::awaitable<void> keep_output() {
    for (;;) {
      const auto bytes = co_await child_.read_stdout();
      if (bytes.empty()) co_return;
      append(outcome_.output, bytes);
    }
  }
  asio::awaitable<void> keep_errors() {
    for (;;) {
      const auto bytes = co_await child_.read_stderr();
      if (bytes.empty()) co_return;
      append(outcome_.errors, bytes);
    }
  }
  asio::awaitable<void> end_at(std::chrono::milliseconds limit) {
    co_await async::sleep_for(limit);
    late_ = true;
    child_.kill_tree();
  }
  asio::awaitable<void> end_at_signal() {
    co_await process::wait_for_stop_signal();
    interrupted_ = true;
    child_.kill_tree();
  }

  process::ChildProcess child_;
  Outcome outcome_;
  bool late_ = false;
  bool interrupted_ = false;
};

/// The first byte from `at` on that no character is in the middle of.
std::size_t after_cut(std::string_view text, std::size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  return at;
}

/// The last lines of a text that a stranger wrote, as one, without what a terminal would act on. Indented
/// lines are left out: they tell where in its code a program was.
std::string last_words(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == ' ' || line.front() == '\t' || line.front() == '}') continue;
    if (!shown.empty()) shown += ' ';
    shown += line;
  }
  if (shown.size() > shown_bytes) shown.erase(0, after_cut(shown, shown.size() - shown_bytes));
  return terminal::printable_line(shown);
}

}  // namespace

std::string Outcome::problem(const Program& program) const {
  if (status && status->success()) return {};
  const auto said = last_words(output + '\n' + errors);
  const auto how = status ? "failed (" + status->describe() + ")"
                          : "had not ended after " + std::to_string(program.limit.count()) + " ms";
  return how + (said.empty() ? "" : ": " + said);
}

std::expected<Outcome, std::string> run_program(const Program& program,
                                                const std::optional<process::SystemUser>& user) {
  if (::access(setpriv, X_OK) != 0)
    return std::unexpected(std::string{setpriv} + " is missing: install Debian's package util-linux");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  asio::io_context io{1};
  const process::SpawnOptions options{.arguments = contained(program, user),
                                      .environment = program.environment,
                                      .working_directory = program.folder,
                                      .stdin_mode = process::Stdin::null};
  auto child = process::ChildProcess::spawn(io.get_executor(), options);
  if (!child) return std::unexpected(child.error());
  Course course(*std::move(child));
  Outcome outcome;
  std::exception_ptr fault;
  asio::co_spawn(io, course.follow(io.get_executor(), program.limit),
                 [&](std::exception_ptr thrown, Outcome result) {
                   fault = thrown;
                   outcome = std::move(result);
                 });
  io.run();
  if (fault) std::rethrow_exception(fault);
  return outcome;
}

}  // namespace butler::mcp_wrappers
