#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/buttons.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/job_notices.hpp"
#include "gateway/languages.hpp"
#include "gateway/live_status.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/tool_approvals.hpp"
#include "gateway/typing.hpp"

namespace butler::gateway {

/// What a person sees of a job before its answer: that it waits, and for what; "typing…" while it works; the
/// tool calls that need somebody's yes. Each open job is watched by one parked call; what was told is on
/// disk, so that a restart repeats nothing.
class JobWatches {
 public:
  struct Options {
    std::chrono::milliseconds until_told{1'500};  ///< what waits no longer than this needs no words
    std::chrono::milliseconds between_waiting_notices{3'000};  ///< in one lane
    std::chrono::milliseconds typing_at_most = std::chrono::minutes{10};
    std::chrono::milliseconds between_tool_notices{3'000};
    std::chrono::milliseconds between_looks{300};  ///< at the events of a running job, which come in crowds
    JobNotices notices = {};
  };

  /// Works as tasks of `tasks`.
  JobWatches(boost::asio::any_io_executor executor, GatewayStore& store,
             api::OrchestratorClient& orchestrator, OutboxSender& outbox, Buttons& buttons, Typing& typing,
             LiveStatus& live, ToolApprovals& approvals, const Languages& languages, async::TaskGroup& tasks,
             Options options)
      : store_(store),
        orchestrator_(orchestrator),
        outbox_(outbox),
        buttons_(buttons),
        typing_(typing),
        live_(live),
        approvals_(approvals),
        languages_(languages),
        tasks_(tasks),
        options_(options),
        changed_(std::move(executor)) {}

  /// Watches all turns whose job has not ended. Once, at start.
  void resume();

  /// Watches a job that was just created.
  void watch(const Turn& turn, const domain::Job& job);

  /// Whether something works or waits in a session, as far as was seen. What waits for an approval holds
  /// nothing back.
  bool is_busy(std::string_view session_key) const;

  /// The job's end is in the outbox: nothing more is shown of it.
  void ended(const std::string& job_id);

 private:
  using Clock = std::chrono::steady_clock;
  using Look = boost::asio::awaitable<std::expected<domain::Job, api::CallError>>;

  /// A job that has not ended, as it was last seen.
  struct Watched {
    Turn turn = {};
    domain::Job job = {};
    Clock::time_point due{};  ///< while it is queued: when it has waited too long without words
    bool typing = false;
    std::int64_t cursor = 0;             ///< of the events that were looked at
    bool tells_tools = false;            ///< false until the events of earlier lives are behind
    bool deciding = false;               ///< a tool call of it waits for a decision
    std::vector<api::Event> tools = {};  ///< that were used, and not told yet
    Clock::time_point tools_due{};       ///< when they may be told
  };

  void follow_later(Watched watched);
  boost::asio::awaitable<void> follow(std::string job_id);
  Look look(std::string job_id);
  Look look_at_events(std::string job_id);
  std::chrono::seconds patience(const Watched& watched) const;

  void see(Watched& watched, const domain::Job& job);
  void show_typing(Watched& watched, bool running);
  void note_events(Watched& watched, const api::EventPage& page);
  void note_tools(Watched& watched, const std::vector<api::Event>& events);
  void note_refusals(const Watched& watched, const std::vector<api::Event>& events);
  boost::asio::awaitable<void> tell_last_refusals(Watched watched);
  void tell_tools(Watched& watched);
  wording::Language language_of(const Watched& watched) const;
  void note(const Watched& watched, const std::string& topic, const std::string& text,
            const Keyboard& keyboard = {});

  boost::asio::awaitable<void> tell_what_waits();
  boost::asio::awaitable<void> tell_due();
  std::optional<Clock::time_point> earliest_due() const;
  Clock::time_point due(const Watched& watched) const;
  void tell(const std::vector<Watched*>& of_lane, const std::optional<std::string>& pause);
  std::size_t count_ahead(const Watched& watched) const;
  bool deciding_ahead(const Watched& watched) const;

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  Buttons& buttons_;
  Typing& typing_;
  LiveStatus& live_;
  ToolApprovals& approvals_;
  const Languages& languages_;
  async::TaskGroup& tasks_;
  Options options_;
  std::map<std::string, Watched> watched_;  ///< by job id: in the order of their creation
  std::map<Lane, Clock::time_point> told_;  ///< when it was last told what waits there
  async::Event changed_;
};

}  // namespace butler::gateway
