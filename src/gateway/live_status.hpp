#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/buttons.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/live_plan.hpp"
#include "gateway/live_progress.hpp"
#include "gateway/outbox_sender.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What became of the previews, since the process started.
struct LiveCounts {
  std::int64_t drafts = 0;
  std::int64_t messages = 0;
  std::int64_t edits = 0;
  std::int64_t dropped = 0;         ///< there was no room for them
  std::int64_t failures = 0;        ///< 429 included
  std::int64_t flood_refusals = 0;  ///< 429
  std::int64_t latched = 0;         ///< chats that turned out to take no drafts
};

/// What a chat sees of a job between the question and the answer: a reaction under the question, then what
/// the agent does, as live_plan.hpp says. Least urgent of all that is sent: where there is no room it is
/// dropped, and no answer ever waits for it. What may be in a chat is a row before it is there, so that it is
/// taken out also by the next process.
class LiveStatus {
 public:
  struct Options {
    LiveRules rules = {};
    std::chrono::milliseconds until_reaction{400};  ///< what is answered sooner needs none
  };

  /// Works as tasks of `tasks`.
  LiveStatus(boost::asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
             FloodControl& flood, OutboxSender& outbox, const Languages& languages, async::TaskGroup& tasks,
             Options options);

  /// Makes the Stop under status messages, which are shown without one else. Once, before anything is shown.
  void use(Buttons& buttons) { buttons_ = &buttons; }

  /// Whether somebody may still see what was done for them: asked before everything that is shown. Once,
  /// before anything is.
  void show_only(std::function<bool(std::int64_t person_id)> may_see) { may_see_ = std::move(may_see); }

  /// Takes out of the chats what a former process left there. Once, at start.
  void resume();

  /// The job of a turn is known, and not over.
  void begin(const Turn& turn, const std::string& job_id);
  /// How the job is now. `deciding`: a tool call of it waits for a decision.
  void see(const domain::Job& job, bool deciding);
  /// What was heard of it, in order and once each.
  void hear(const std::string& job_id, const std::vector<api::Event>& events);
  /// Somebody pressed Stop: what is shown stays as it is.
  void stop(const std::string& job_id);
  /// A message of ours has come into the lane: a draft there is gone.
  void message_sent(Lane lane);
  /// Before an answer leaves for the lane: waits a moment for a draft that Telegram may still get. One that
  /// came after the answer would stand there for half a minute.
  boost::asio::awaitable<void> let_draft_arrive(Lane lane);
  /// The job's end is in the outbox, or nobody knows the job: nothing of this stays in the chat.
  void end(const std::string& job_id);

  const LiveCounts& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// A job that is not over. Its tasks and the registry share it.
  struct Live {
    explicit Live(boost::asio::any_io_executor executor) : changed(std::move(executor)) {}
    std::string job_id = {};
    Turn turn = {};
    std::optional<LiveRow> row = {};  ///< as on disk
    LiveProgress progress = {};
    wording::Language language = wording::Language::en;
    LiveShown shown = {};
    domain::Timestamp started_at{};
    bool runs = false;
    bool deciding = false;
    Clock::time_point waits_since{};  ///< while deciding
    bool stopping = false;
    bool over = false;
    bool reacting = false;
    bool answered = false;  ///< over, and a message has come after it
    async::Event changed;
  };
  using Shared = std::shared_ptr<Live>;

  boost::asio::awaitable<void> react(Shared live);
  boost::asio::awaitable<void> follow(Shared live);
  boost::asio::awaitable<void> show(Shared live, LiveContent content);
  boost::asio::awaitable<void> let_answer_arrive(Shared live);
  boost::asio::awaitable<LiveOutcome> send(Shared live);
  boost::asio::awaitable<LiveOutcome> send_message(Shared live);
  boost::asio::awaitable<void> take_out(LiveRow row);
  boost::asio::awaitable<bool> insist(std::function<telegram::ApiCall<void>()> call, std::int64_t chat_id);

  void start_showing(Live& live, const domain::Job& job);
  LiveContent content_of(const Live& live) const;
  std::optional<Clock::time_point> next_time(const Live& live);
  json::Object stop_button(const Live& live);
  bool take_room(const Live& live);
  bool has_lane(const Live& live);
  void leave_lane(const Live& live);
  void keep_row(Live& live);
  void leave_alone(std::int64_t chat_id, const telegram::ApiError& error);
  LiveOutcome outcome_of(const Live& live, const telegram::ApiError& error);

  boost::asio::any_io_executor executor_;
  GatewayStore& store_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  OutboxSender& outbox_;
  const Languages& languages_;
  async::TaskGroup& tasks_;
  Options options_;
  Buttons* buttons_ = nullptr;
  std::function<bool(std::int64_t)> may_see_;
  LiveCounts counts_;
  std::map<std::string, Shared> jobs_;
  std::map<Lane, std::string> shown_in_;  ///< the job whose preview a lane has: one at a time
  std::map<Lane, Shared> drafting_;       ///< whose draft is on its way to a lane
  std::set<Shared> leaving_;              ///< over; their messages wait for the answer
};

}  // namespace butler::gateway
