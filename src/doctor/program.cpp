#include "doctor/program.hpp"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "async/task_group.hpp"
#include "process/child_process.hpp"

namespace butler::doctor {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_output = std::size_t{8} << 20U;
constexpr std::size_t most_errors = 4'000;

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

asio::awaitable<void> read_errors_of(process::ChildProcess& child, std::string& errors) {
  for (;;) {
    const std::string bytes = co_await child.read_stderr();
    if (bytes.empty()) break;
    errors += bytes;
    if (errors.size() > 2 * most_errors) errors.erase(0, errors.size() - most_errors);
  }
}

asio::awaitable<void> read_output_of(process::ChildProcess& child, std::string& output) {
  for (;;) {
    const std::string bytes = co_await child.read_stdout();
    if (bytes.empty()) break;
    if (output.size() < most_output) output += bytes;
  }
}

}  // namespace

std::string this_program() {
  std::error_code error;
  auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  // What lies beside it is looked for by that path.
  return !error && std::filesystem::exists(self, error) ? self.string() : "/proc/self/exe";
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const auto before = text.rfind('\n', end);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end - begin + 1);
}

namespace {

asio::awaitable<ProgramEnd> run_to_end(asio::any_io_executor executor, process::SpawnOptions options) {
  ProgramEnd end;
  auto child = process::ChildProcess::spawn(executor, options);
  if (!child) {
    end.fault = child.error();
    co_return end;
  }
  async::TaskGroup readers(executor);
  readers.spawn("errors", read_errors_of(*child, end.errors));
  std::exception_ptr cancelled;
  try {
    co_await read_output_of(*child, end.output);
    const auto status = co_await child->wait();
    end.code = status.number();
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (cancelled) child->kill_tree();
  readers.cancel();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await readers.join();
  if (cancelled) std::rethrow_exception(cancelled);
  co_return end;
}

}  // namespace

asio::awaitable<ProgramEnd> run_program(asio::any_io_executor executor, std::vector<std::string> words) {
  return run_to_end(std::move(executor), {.arguments = std::move(words),
                                          .environment = own_environment(),
                                          .working_directory = {},
                                          .stdin_mode = process::Stdin::null});
}

asio::awaitable<ProgramEnd> run_untrusted(asio::any_io_executor executor, std::vector<std::string> words,
                                          std::optional<process::SystemUser> agent) {
  if (::geteuid() == 0 && !agent) co_return ProgramEnd{.fault = "the system user butler is missing"};
  std::vector<std::string> all{"/usr/bin/setpriv", "--no-new-privs"};
  if (agent) {
    all.insert(all.end(), {"--reuid", std::to_string(agent->uid), "--regid", std::to_string(agent->gid),
                           "--clear-groups", "--inh-caps=-all"});
  }
  all.emplace_back("--");
  all.insert(all.end(), words.begin(), words.end());
  co_return co_await run_to_end(std::move(executor), {.arguments = std::move(all),
                                                      .environment = {},
                                                      .working_directory = "/",
                                                      .stdin_mode = process::Stdin::null});
}

}  // namespace butler::doctor
