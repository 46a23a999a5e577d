#include "sqlite/checkpointer.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "log/log.hpp"

namespace butler::sqlite {

Checkpointer::Checkpointer(Database& database) : database_(database) {
  database_.on_commit([this](int pages) { committed(pages); });
}

Checkpointer::~Checkpointer() { database_.on_commit({}); }

void Checkpointer::committed(int pages) {
  const auto next = next_checkpoint(pages, copied_);
  if (pages < copied_) copied_ = 0;
  if (next == Checkpoint::none) return;
  copied_ = pages;
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = std::max(wanted_, next);
  }
  try {
    if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  } catch (const std::system_error& error) {  // this is called by SQLite, in a commit: it must not throw
    log::error("sqlite.checkpoint_failed", {{"error", error.what()}});
  }
  changed_.notify_one();
}

void Checkpointer::run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return wanted_ != Checkpoint::none; })) return;
    const auto how = std::exchange(wanted_, Checkpoint::none);
    lock.unlock();
    try {
      copy(how);
    } catch (const Error& error) {
      log::error("sqlite.checkpoint_failed", {{"error", error.what()}});
    }
  }
}

void Checkpointer::copy(Checkpoint how) {
  if (!connection_) connection_.emplace(Database::open_beside(database_.file()));
  // Beside the commits first: only what they have added meanwhile holds them up.
  connection_->checkpoint(false);
  if (how == Checkpoint::restart) connection_->checkpoint(true);
}

}  // namespace butler::sqlite
