#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "async/event.hpp"
#include "http/server.hpp"
#include "orchestrator/answer.hpp"
#include "orchestrator/commit_pace.hpp"
#include "orchestrator/measures.hpp"
#include "orchestrator/topics.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// Group commit: everything that has arrived, also while the last transaction was written, shares one, and
/// nobody is answered before it is on disk. Before the commit the parked requests whose topics were touched
/// are asked again inside the same transaction, so that a job and its claim by a waiting worker are one
/// commit.
///
/// Where commits are slow they are made in a thread of their own: then the disk holds up those who write, not
/// those who read. They see what is committed, and do not wait for a batch.
///
/// The only place that begins and commits. One thread calls it.
class CommitQueue {
 public:
  /// `on_fatal` is called once when a commit failed: nobody knows what is on disk, so the process must end.
  /// `on_undone` is called after a batch of which something was undone: what is kept in memory beside the
  /// store may be ahead of it. `on_back` is called in the first batch after the store took none: nobody could
  /// renew a lease meanwhile.
  CommitQueue(boost::asio::any_io_executor executor, store::JobStore& store, Touched& touched,
              Measures& measures, std::function<void()> on_fatal, std::function<void()> on_undone,
              std::function<void()> on_back);
  /// Waits for a commit that is on its way.
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  using Unit = std::function<Answer()>;

  /// Runs the unit in the current batch and returns its response after the commit. While the unit is parked
  /// the exchange is watched: when its client goes, the wait ends with ClientGone. An exception of the unit
  /// undoes what the unit wrote and comes out here. Throws StoreAway when the batch could not be committed.
  boost::asio::awaitable<http::Response> answer(Unit unit, http::Exchange& exchange);

  /// As answer(), for a unit that only asks: it runs on what is committed, at once. While it is parked it is
  /// asked again after each commit that touched one of its topics.
  boost::asio::awaitable<http::Response> answer_reading(Unit unit, http::Exchange& exchange);

  /// Runs work of the orchestrator's own in the current batch; returns after the commit, false when the store
  /// takes no writes now and nothing was done.
  boost::asio::awaitable<bool> run(std::function<void()> work);

  /// Another orchestrator has touched these topics: what is parked here for one of them is asked again, what
  /// writes in the next batch that is committed.
  void hear(const std::vector<Topic>& topics);
  /// As hear(), of everything that somebody is parked for.
  void hear_all();

  /// From now on nobody waits: what is parked is asked for the last time, as at its deadline.
  void stop_waiting();

  std::size_t parked() const { return parked_; }

 private:
  struct Slot;
  using SlotPointer = std::shared_ptr<Slot>;
  using Topics = std::unordered_set<Topic, TopicHash>;
  struct Written;

  boost::asio::awaitable<void> until_store_is_free();
  void execute(const SlotPointer& slot, const Unit& unit);
  void look(const SlotPointer& slot, const Unit& unit);
  void run_in_batch(const SlotPointer& slot, const std::function<void()>& work);
  void open_batch();
  void flush();
  std::exception_ptr begin_commit();
  Written write();
  void end_commit(Written written);
  void end_batch(const std::exception_ptr& away);
  void nothing_kept();
  void tell_undone();
  void ask_what_was_heard();
  void wake_parked();
  void wake(const Topic& topic);
  void ask_again(const SlotPointer& slot);
  void wake_readers(const Topics& topics);
  void look_again(const SlotPointer& slot);
  void park(const SlotPointer& slot, Park park);
  void unpark(const SlotPointer& slot);
  boost::asio::awaitable<void> wait_while_parked(SlotPointer slot, http::Exchange& exchange);
  boost::asio::awaitable<void> wait_for_commit(SlotPointer slot);

  boost::asio::any_io_executor executor_;
  store::JobStore& store_;
  Touched& touched_;
  Measures& measures_;
  std::function<void()> on_fatal_;
  std::function<void()> on_undone_;
  std::function<void()> on_back_;
  std::vector<SlotPointer> batch_;
  std::unordered_map<Topic, std::list<SlotPointer>, TopicHash> waiting_;
  Topics heard_;    ///< from other orchestrators, for the next batch
  Topics hearing_;  ///< what of it this batch has asked
  Topics to_tell_;  ///< the other orchestrators, with this batch
  Topics changed_;  ///< by this batch: those who read are asked again after it
  std::size_t parked_ = 0;
  bool batch_open_ = false;
  bool flush_posted_ = false;
  bool undone_ = false;
  bool away_ = false;
  bool waiting_is_over_ = false;
  CommitPace pace_;
  bool committing_ = false;  ///< in the other thread, which has the store for it
  bool broken_ = false;      ///< nobody knows what is on disk
  async::Event free_{executor_};
  boost::asio::thread_pool committer_{1};  ///< last: it is joined before anything else goes
};

/// The client closed its connection while its request was parked.
class ClientGone : public std::exception {
 public:
  const char* what() const noexcept override { return "the client has closed the connection"; }
};

/// The store takes no writes now.
class StoreAway : public std::exception {
 public:
  const char* what() const noexcept override { return "the store is away"; }
};

}  // namespace butler::orchestrator
