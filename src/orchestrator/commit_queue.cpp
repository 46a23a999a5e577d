#include "orchestrator/commit_queue.hpp"

#include <algorithm>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <iterator>

#include "log/log.hpp"
#include "orchestrator/wakeups.hpp"

namespace butler::orchestrator {

namespace asio = boost::asio;

/// A request between its first run and its answer.
struct CommitQueue::Slot {
  explicit Slot(const asio::any_io_executor& executor) : changed(executor) {}

  std::optional<http::Response> response;
  std::exception_ptr fault;
  std::optional<Park> park;  ///< set while it waits for a topic
  bool reads = false;        ///< on what is committed, in no batch
  bool committed = false;
  bool client_gone = false;
  async::Event changed;
};

CommitQueue::CommitQueue(asio::any_io_executor executor, store::JobStore& store, Touched& touched,
                         Measures& measures, std::function<void()> on_fatal, std::function<void()> on_undone,
                         std::function<void()> on_back)
    : executor_(std::move(executor)),
      store_(store),
      touched_(touched),
      measures_(measures),
      on_fatal_(std::move(on_fatal)),
      on_undone_(std::move(on_undone)),
      on_back_(std::move(on_back)) {}

CommitQueue::~CommitQueue() { committer_.join(); }

asio::awaitable<http::Response> CommitQueue::answer(Unit unit, http::Exchange& exchange) {
  const auto slot = std::make_shared<Slot>(executor_);
  co_await until_store_is_free();
  execute(slot, unit);
  if (slot->park) co_await wait_while_parked(slot, exchange);
  co_await wait_for_commit(slot);
  co_return std::move(*slot->response);
}

asio::awaitable<http::Response> CommitQueue::answer_reading(Unit unit, http::Exchange& exchange) {
  const auto slot = std::make_shared<Slot>(executor_);
  slot->reads = true;
  look(slot, unit);
  if (slot->park) co_await wait_while_parked(slot, exchange);
  if (slot->fault) std::rethrow_exception(slot->fault);
  co_return std::move(*slot->response);
}

asio::awaitable<bool> CommitQueue::run(std::function<void()> work) {
  const auto slot = std::make_shared<Slot>(executor_);
  co_await until_store_is_free();
  run_in_batch(slot, work);
  try {
    co_await wait_for_commit(slot);
    co_return true;
  } catch (const StoreAway& away) {
    log::error("store.away", {{"error", away.what()}});
  } catch (const store::StoreFault& error) {
    log::error("store.error", {{"error", error.what()}});
  }
  co_return false;
}

asio::awaitable<void> CommitQueue::until_store_is_free() {
  while (committing_) co_await free_.wait();
}

asio::awaitable<void> CommitQueue::wait_for_commit(SlotPointer slot) {
  while (!slot->committed) co_await slot->changed.wait();
  if (slot->fault) std::rethrow_exception(slot->fault);
}

asio::awaitable<void> CommitQueue::wait_while_parked(SlotPointer slot, http::Exchange& exchange) {
  struct Unpark {
    CommitQueue& queue;
    const SlotPointer& slot;
    ~Unpark() { queue.unpark(slot); }
  } unpark_at_end{*this, slot};
  exchange.watch_close([slot] {
    slot->client_gone = true;
    slot->changed.notify_all();
  });

  const auto deadline = slot->park->deadline;
  bool in_time = true;
  while (slot->park && !slot->client_gone && in_time && !waiting_is_over_) {
    in_time = co_await slot->changed.wait_until(deadline);
  }
  while (slot->park && !slot->reads && !slot->client_gone && committing_) co_await free_.wait();
  exchange.unwatch();
  if (!slot->park) co_return;  // answered in a batch
  if (slot->client_gone) throw ClientGone{};

  const auto last_look = [again = slot->park->again]() -> Answer { return again(Waking::deadline).value(); };
  unpark(slot);
  if (slot->reads) {
    look(slot, last_look);
  } else {
    execute(slot, last_look);
  }
}

/// Registered in the same turn as the look: a commit in between would be missed.
void CommitQueue::look(const SlotPointer& slot, const Unit& unit) {
  try {
    Answer outcome = store_.read(unit);
    if (auto* parking = std::get_if<Park>(&outcome)) {
      park(slot, std::move(*parking));
    } else {
      slot->response = std::get<http::Response>(std::move(outcome));
    }
  } catch (const std::exception&) {
    slot->fault = std::current_exception();
  }
}

void CommitQueue::execute(const SlotPointer& slot, const Unit& unit) {
  std::optional<Park> to_park;
  run_in_batch(slot, [&] {
    Answer outcome = unit();
    if (auto* parking = std::get_if<Park>(&outcome)) {
      to_park = std::move(*parking);
    } else {
      slot->response = std::get<http::Response>(std::move(outcome));
    }
  });
  if (!to_park || slot->fault) return;
  // Registered in the same turn as the look at the store: a change in between would be missed.
  std::erase(batch_, slot);
  park(slot, *std::move(to_park));
}

void CommitQueue::run_in_batch(const SlotPointer& slot, const std::function<void()>& work) {
  batch_.push_back(slot);
  try {
    open_batch();
    store_.unit(work);
  } catch (const std::exception& error) {
    slot->fault = std::current_exception();
    slot->response.reset();
    undone_ = true;
    if (!store_.in_transaction()) log::error("store.rolled_back", {{"error", error.what()}});
  }
}

void CommitQueue::open_batch() {
  if (!flush_posted_) {
    flush_posted_ = true;
    // Behind everything that is ready now, and then behind what has arrived in the sockets while the last
    // batch was written, of which the loop hears in between: those requests join this batch, and none waits
    // for two others.
    asio::post(executor_, [this] { asio::post(executor_, [this] { flush(); }); });
  }
  if (broken_) throw StoreAway{};
  if (batch_open_) {
    // The store has given this batch up: what ran now would be committed apart from it.
    if (!store_.in_transaction()) throw StoreAway{};
    return;
  }
  try {
    store_.begin();
  } catch (const store::StoreFault&) {
    away_ = true;
    throw;
  }
  batch_open_ = true;
  if (away_) {
    on_back_();
    away_ = false;
    log::info("store.back");
  }
}

/// What came of a commit.
struct CommitQueue::Written {
  bool anything = false;
  std::chrono::steady_clock::duration time{};
  std::exception_ptr fault;
};

void CommitQueue::flush() {
  flush_posted_ = false;
  if (!batch_open_) return end_batch(nullptr);
  if (const auto away = begin_commit()) return end_batch(away);
  if (!store_.has_written() || !pace_.is_slow()) return end_commit(write());
  committing_ = true;
  asio::post(committer_, [this, loop = asio::prefer(executor_, asio::execution::outstanding_work.tracked)] {
    asio::post(loop, [this, written = write()]() mutable { end_commit(std::move(written)); });
  });
}

/// The batch's last writes. What its requests are told instead of their answers; null when it can be
/// committed.
std::exception_ptr CommitQueue::begin_commit() {
  batch_open_ = false;
  try {
    if (store_.in_transaction()) wake_parked();
    if (store_.in_transaction()) {
      if (auto* const peers = store_.peers(); peers != nullptr && !to_tell_.empty()) {
        peers->announce(to_announcements({to_tell_.begin(), to_tell_.end()}));
      }
      return nullptr;
    }
  } catch (const std::exception& fault) {
    log::error("store.error", {{"error", fault.what()}});
  }
  store_.rollback();
  nothing_kept();
  return std::make_exception_ptr(StoreAway{});
}

/// In the other thread, where the disk is slow.
CommitQueue::Written CommitQueue::write() {
  Written written;
  const auto start = std::chrono::steady_clock::now();
  try {
    written.anything = store_.commit();
  } catch (...) {
    written.fault = std::current_exception();
  }
  written.time = std::chrono::steady_clock::now() - start;
  return written;
}

void CommitQueue::end_commit(Written written) {
  committing_ = false;
  std::exception_ptr away;
  try {
    if (written.fault) std::rethrow_exception(written.fault);
    if (written.anything) {
      measures_.committed(batch_.size(), written.time);
      pace_.took(written.time);
    }
    to_tell_.clear();
    hearing_.clear();
  } catch (const store::StoreFault& fault) {
    log::error("store.error", {{"error", fault.what()}});
    nothing_kept();
    away = std::make_exception_ptr(StoreAway{});
  } catch (const std::exception& error) {
    log::error("store.commit_failed", {{"error", error.what()}});
    broken_ = true;
    on_fatal_();
    away = std::make_exception_ptr(StoreAway{});
  }
  end_batch(away);
  if (!away) ask_what_was_heard();
}

void CommitQueue::end_batch(const std::exception_ptr& away) {
  if (undone_) tell_undone();
  for (const auto& slot : std::exchange(batch_, {})) {
    if (away) slot->fault = away;
    slot->committed = true;
    slot->changed.notify_all();
  }
  wake_readers(std::exchange(changed_, {}));
  free_.notify_all();
}

/// What was heard is asked again in the next batch.
void CommitQueue::nothing_kept() {
  touched_.take();
  to_tell_.clear();
  changed_.clear();
  heard_.merge(hearing_);
  hearing_.clear();
  undone_ = true;
}

void CommitQueue::tell_undone() {
  try {
    on_undone_();
    undone_ = false;
  } catch (const std::exception& error) {  // a store that cannot be read either: after the next batch
    log::error("store.error", {{"error", error.what()}});
  }
}

void CommitQueue::hear(const std::vector<Topic>& topics) {
  for (const auto& topic : topics) {
    if (waiting_.contains(topic)) heard_.insert(topic);
  }
  wake_readers(heard_);
  ask_what_was_heard();
}

void CommitQueue::ask_what_was_heard() {
  // An empty unit: the batch is what is wanted.
  if (!heard_.empty() && !committing_ && !batch_open_) run_in_batch(std::make_shared<Slot>(executor_), [] {});
}

void CommitQueue::hear_all() {
  std::vector<Topic> topics;
  topics.reserve(waiting_.size());
  for (const auto& [topic, slots] : waiting_) topics.push_back(topic);
  hear(topics);
}

void CommitQueue::wake_parked() {
  hearing_ = std::exchange(heard_, {});
  for (const auto& topic : hearing_) wake(topic);
  for (auto topics = touched_.take(); !topics.empty(); topics = touched_.take()) {
    for (const auto& topic : topics) wake(topic);
    if (store_.peers() != nullptr) to_tell_.insert(topics.begin(), topics.end());
    changed_.insert(std::make_move_iterator(topics.begin()), std::make_move_iterator(topics.end()));
  }
}

void CommitQueue::wake(const Topic& topic) {
  const auto found = waiting_.find(topic);
  if (found == waiting_.end()) return;
  // Asking a request again may take it out of the list, and nothing else from it.
  for (auto next = found->second.begin(); next != found->second.end();) {
    const SlotPointer slot = *next++;
    if (slot->reads) continue;
    if (topic.kind == Topic::Kind::claim && !store_.has_claimable()) return;
    if (!slot->client_gone) ask_again(slot);
    if (!waiting_.contains(topic)) return;
  }
}

/// Those that read what is committed, in one look at it.
void CommitQueue::wake_readers(const Topics& topics) {
  std::vector<SlotPointer> readers;
  for (const auto& topic : topics) {
    const auto found = waiting_.find(topic);
    if (found == waiting_.end()) continue;
    std::ranges::copy_if(found->second, std::back_inserter(readers),
                         [](const auto& slot) { return slot->reads && !slot->client_gone; });
  }
  if (readers.empty()) return;
  try {
    store_.look([&] {
      for (const auto& slot : readers) look_again(slot);
    });
  } catch (const std::exception&) {  // there is no look at it now: each is told
    for (const auto& slot : readers) look_again(slot);
  }
}

void CommitQueue::look_again(const SlotPointer& slot) {
  if (!slot->park) return;  // it waits for another of these topics too, and has been answered
  try {
    slot->response = store_.read([&] { return slot->park->again(Waking::touched); });
  } catch (const std::exception&) {
    slot->fault = std::current_exception();
  }
  if (!slot->response && !slot->fault) return;
  unpark(slot);
  slot->changed.notify_all();
}

void CommitQueue::ask_again(const SlotPointer& slot) {
  try {
    store_.unit([&] { slot->response = slot->park->again(Waking::touched); });
  } catch (const std::exception&) {
    slot->response.reset();
    slot->fault = std::current_exception();
    undone_ = true;
  }
  if (!slot->response && !slot->fault) return;
  unpark(slot);
  batch_.push_back(slot);
}

void CommitQueue::stop_waiting() {
  waiting_is_over_ = true;
  for (const auto& [topic, slots] : waiting_) {
    for (const auto& slot : slots) slot->changed.notify_all();
  }
}

void CommitQueue::park(const SlotPointer& slot, Park park) {
  slot->park = std::move(park);
  for (const auto& topic : slot->park->topics) waiting_[topic].push_back(slot);
  ++parked_;
}

void CommitQueue::unpark(const SlotPointer& slot) {
  if (!slot->park) return;
  for (const auto& topic : slot->park->topics) {
    const auto found = waiting_.find(topic);
    if (found == waiting_.end()) continue;
    const auto place = std::ranges::find(found->second, slot);
    if (place != found->second.end()) found->second.erase(place);
    if (found->second.empty()) waiting_.erase(found);
  }
  slot->park.reset();
  --parked_;
}

}  // namespace butler::orchestrator
