#include "worker/pi_process.hpp"

#include <csignal>
#include <ranges>
#include <string_view>
#include <utility>

#include "domain/utf8.hpp"
#include "log/log.hpp"
#include "worker/events.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

// pi's largest record seen is 1.25 MB; one that repeats a whole long session can be larger.
constexpr std::size_t record_limit = 32U * 1024 * 1024;
constexpr std::size_t error_tail_bytes = 8'000;
constexpr std::size_t error_tail_limit = 2'000;
// After the exit the last output is in the pipes, unless somebody else holds them open.
constexpr std::chrono::milliseconds last_output{250};

}  // namespace

PiProcess::PiProcess(asio::any_io_executor executor, sandbox::Started started)
    : executor_(executor),
      child_(std::move(started.child)),
      watch_(std::move(started.watch)),
      copies_(std::move(started.copies)),
      framer_(record_limit),
      changed_(executor),
      tasks_(executor) {
  if (watch_) tasks_.spawn("sandbox limits", watch_->run());
  tasks_.spawn("pi records", read_records());
  tasks_.spawn("pi errors", read_errors());
  tasks_.spawn("pi exit", watch_exit());
}

void PiProcess::send(std::string line) {
  if (ended()) return;
  outbox_ += line;
  if (writing_) return;
  writing_ = true;
  tasks_.spawn("pi commands", write());
}

asio::awaitable<void> PiProcess::write() {
  while (!outbox_.empty()) {
    auto bytes = std::exchange(outbox_, {});
    const bool taken = co_await child_.write_stdin(std::move(bytes));
    if (!taken) outbox_.clear();
  }
  writing_ = false;
}

void PiProcess::listen(bool on) {
  listening_ = on;
  records_.clear();
  last_heard_ = Clock::now();
}

asio::awaitable<std::optional<pi::Record>> PiProcess::next(Clock::time_point deadline) {
  while (records_.empty() && !ended() && !woken_ && Clock::now() < deadline)
    co_await changed_.wait_until(deadline);
  woken_ = false;
  if (records_.empty()) co_return std::nullopt;
  auto record = std::move(records_.front());
  records_.pop_front();
  co_return record;
}

void PiProcess::wake() {
  woken_ = true;
  changed_.notify_all();
}

asio::awaitable<sandbox::Copies::Transfer> PiProcess::bring_files_in(Deadline deadline) {
  if (!copies_) co_return std::vector<std::string>{};
  co_return co_await until(std::move(deadline), copies_->bring_in());
}

asio::awaitable<sandbox::Copies::Transfer> PiProcess::bring_files_out(Deadline deadline) {
  if (!copies_) co_return std::vector<std::string>{};
  co_return co_await until(std::move(deadline), copies_->bring_out());
}

asio::awaitable<void> PiProcess::carry(asio::awaitable<sandbox::Copies::Transfer> transfer,
                                       std::optional<sandbox::Copies::Transfer>& done) {
  done = co_await std::move(transfer);
  changed_.notify_all();
}

asio::awaitable<sandbox::Copies::Transfer> PiProcess::until(
    Deadline deadline, asio::awaitable<sandbox::Copies::Transfer> transfer) {
  std::optional<sandbox::Copies::Transfer> done;
  async::TaskGroup task(executor_);
  task.spawn("files", carry(std::move(transfer), done));
  while (!done && task.size() > 0 && Clock::now() < deadline()) co_await changed_.wait_until(deadline());
  task.cancel();
  co_await task.join();
  if (!done) co_return std::unexpected("the files in the virtual machine were not brought over in time");
  co_return *std::move(done);
}

std::string PiProcess::describe_end() const {
  if (!end_) return "still running";
  if (watch_ && watch_->verdict()) return *watch_->verdict();
  std::string said;
  for (const auto part : std::views::split(domain::to_valid_utf8(error_tail_), '\n')) {
    const std::string_view line{part.begin(), part.end()};
    // Said at every session's first start; it explains nothing.
    if (line.starts_with("Warning: No project session found")) continue;
    if (!line.empty()) said.append(said.empty() ? "" : "\n").append(line);
  }
  return said.empty() ? end_->describe() : end_->describe() + ": " + keep_end(said, error_tail_limit);
}

asio::awaitable<void> PiProcess::read_records() {
  for (;;) {
    const std::string bytes = co_await child_.read_stdout();
    if (bytes.empty()) break;
    last_heard_ = Clock::now();
    const auto dropped = framer_.dropped_lines();
    for (const std::string& line : framer_.feed(bytes)) take_line(line);
    if (framer_.dropped_lines() > dropped) log::warn("pi.record_too_large", {{"pid", pid()}});
  }
  --open_streams_;
  changed_.notify_all();
  // Without its output it is of no use any more.
  if (!ended()) child_.signal_group(SIGTERM);
}

void PiProcess::take_line(const std::string& line) {
  if (!listening_) return;
  auto record = pi::read_record(line);
  if (!record) {
    log::warn("pi.unreadable_record", {{"pid", pid()}, {"error", record.error()}});
    return;
  }
  if (std::holds_alternative<pi::Other>(*record)) return;
  records_.push_back(std::move(*record));
  changed_.notify_all();
}

asio::awaitable<void> PiProcess::read_errors() {
  for (;;) {
    const std::string bytes = co_await child_.read_stderr();
    if (bytes.empty()) break;
    error_tail_ += bytes;
    if (error_tail_.size() > 2 * error_tail_bytes)
      error_tail_.erase(0, error_tail_.size() - error_tail_bytes);
  }
  --open_streams_;
  changed_.notify_all();
}

asio::awaitable<void> PiProcess::watch_exit() {
  const auto status = co_await child_.wait();
  const auto deadline = Clock::now() + last_output;
  while (open_streams_ > 0 && Clock::now() < deadline) co_await changed_.wait_until(deadline);
  end_ = status;
  changed_.notify_all();
}

asio::awaitable<void> PiProcess::await_end(Clock::time_point deadline) {
  while (!ended() && Clock::now() < deadline) co_await changed_.wait_until(deadline);
}

asio::awaitable<void> PiProcess::end(std::chrono::milliseconds patience) {
  child_.close_stdin();
  for (int round = 0; round < 2 && !ended(); ++round) {
    child_.signal_group(SIGTERM);
    const auto deadline = Clock::now() + patience / 2;
    co_await await_end(deadline);
  }
  if (!ended()) {
    child_.kill_tree();
    const auto deadline = Clock::now() + std::chrono::seconds{2};
    co_await await_end(deadline);
  }
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace butler::worker
