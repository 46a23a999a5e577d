#include "gateway/live_status.hpp"

#include <utility>

#include "domain/job_status.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/live_text.hpp"
#include "gateway/reply.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* seen_reaction = "👀";

std::int64_t new_draft_id() {
  constexpr double most = 2'147'483'000;
  return 1 + static_cast<std::int64_t>(process::random_fraction() * most);
}

}  // namespace

LiveStatus::LiveStatus(asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
                       FloodControl& flood, OutboxSender& outbox, const Languages& languages,
                       async::TaskGroup& tasks, Options options)
    : executor_(std::move(executor)),
      store_(store),
      api_(api),
      flood_(flood),
      outbox_(outbox),
      languages_(languages),
      tasks_(tasks),
      options_(options) {}

void LiveStatus::resume() {
  for (LiveRow& row : store_.live_left_over()) {
    log::info("live.left_over", {{"job", row.job_id}, {"chat", row.lane.chat_id}});
    tasks_.spawn("live left over", take_out(std::move(row)));
  }
}

void LiveStatus::begin(const Turn& turn, const std::string& job_id) {
  auto& live = jobs_[job_id];
  if (live) return;
  live = std::make_shared<Live>(executor_);
  live->job_id = job_id;
  live->turn = turn;
  live->row = store_.live(job_id);
  live->reacting = turn.message_id != 0;
  if (live->reacting) tasks_.spawn("reaction", react(live));
  tasks_.spawn("live status", follow(live));
}

void LiveStatus::see(const domain::Job& job, bool deciding) {
  const auto found = jobs_.find(job.id);
  if (found == jobs_.end()) return;
  Live& live = *found->second;
  const bool ends = job.status == domain::JobStatus::aborting;
  if (job.status == domain::JobStatus::running && !live.runs) start_showing(live, job);
  live.runs = job.status == domain::JobStatus::running || ends;
  live.stopping = live.stopping || ends;
  if (domain::is_terminal(job.status)) live.shown.off = true;  // a draft now could come after the answer
  if (deciding && !live.deciding) live.waits_since = Clock::now();
  live.deciding = deciding;
  live.changed.notify_all();
}

void LiveStatus::hear(const std::string& job_id, const std::vector<api::Event>& events) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  for (const api::Event& event : events) found->second->progress.add(event);
  found->second->changed.notify_all();
}

void LiveStatus::stop(const std::string& job_id) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  found->second->shown.off = true;
  found->second->changed.notify_all();
}

void LiveStatus::message_sent(Lane lane) {
  for (const Shared& live : leaving_) {
    if (live->turn.lane != lane) continue;
    live->answered = true;
    live->changed.notify_all();
  }
  const auto shown = shown_in_.find(lane);
  if (shown == shown_in_.end()) return;
  const auto found = jobs_.find(shown->second);
  if (found == jobs_.end()) return;
  LiveShown& of_job = found->second->shown;
  if (of_job.view.surface == Surface::draft) of_job.there = false;
  found->second->changed.notify_all();
}

asio::awaitable<void> LiveStatus::let_draft_arrive(Lane lane) {
  const auto deadline = Clock::now() + options_.rules.until_draft;
  while (Clock::now() < deadline) {
    const auto found = drafting_.find(lane);
    if (found == drafting_.end()) co_return;
    const Shared live = found->second;
    co_await live->changed.wait_until(deadline);
  }
}

void LiveStatus::end(const std::string& job_id) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  found->second->over = true;
  found->second->changed.notify_all();
  jobs_.erase(found);
}

/// A job that begins to run: how it is shown is settled for the whole turn.
void LiveStatus::start_showing(Live& live, const domain::Job& job) {
  const auto now = domain::wall_clock_now();
  live.started_at = job.started_at.value_or(now);
  live.language = languages_.of_person(live.turn.requester_id);
  const std::int64_t chat_id = live.turn.lane.chat_id;
  const bool private_chat = chat_id > 0;
  const LiveMode mode = store_.live_mode(chat_id).value_or(LiveMode::status);
  live.shown = {.view = live_view(mode, private_chat, store_.drafts_latched(chat_id, now)),
                .private_chat = private_chat,
                .began = Clock::now() - std::max(now - live.started_at, milliseconds::zero())};
  if (!live.row || !live.row->message_id) return;
  // The last process has left a message, whatever the mode is now.
  live.shown.view.surface = Surface::message;
  live.shown.there = true;
  live.shown.edits = live.row->edits;
}

void LiveStatus::keep_row(Live& live) {
  if (live.row) return;
  live.row = store_.add_live({.job_id = live.job_id,
                              .lane = live.turn.lane,
                              .reacted_to = live.turn.message_id,
                              .draft_id = new_draft_id()},
                             domain::wall_clock_now());
}

asio::awaitable<void> LiveStatus::react(Shared live) {
  const auto due = Clock::now() + options_.until_reaction;
  while (!live->over && Clock::now() < due) co_await live->changed.wait_until(due);
  const std::int64_t chat_id = store_.current_chat(live->turn.lane.chat_id);
  const bool moved = chat_id != live->turn.lane.chat_id;
  if (!live->over && !moved && flood_.take_ornament(chat_id, Clock::now())) {
    keep_row(*live);
    const auto done = co_await api_.set_reaction(chat_id, live->turn.message_id, seen_reaction);
    if (!done) {
      log::debug("live.no_reaction", {{"chat", chat_id}, {"error", done.error().describe()}});
      if (done.error().error_code == 429) leave_alone(chat_id, done.error());
    }
  }
  live->reacting = false;
  live->changed.notify_all();
}

asio::awaitable<void> LiveStatus::follow(Shared live) {
  while (!live->over) {
    const auto now = Clock::now();
    const auto may = next_time(*live);
    if (!may) {
      co_await live->changed.wait();
    } else if (*may > now) {
      co_await live->changed.wait_until(*may);
    } else {
      LiveContent content = content_of(*live);
      if (is_worth_showing(live->shown, content, now, options_.rules)) {
        co_await show(live, std::move(content));
      } else {
        co_await live->changed.wait_until(look_again_at(live->shown, now, options_.rules).value_or(now));
      }
    }
  }
  leave_lane(*live);
  while (live->reacting) co_await live->changed.wait();
  if (live->row && live->row->message_id) co_await let_answer_arrive(live);
  if (live->row) co_await take_out(*live->row);
}

/// What a message shows does not vanish before the answer is there to be read; if that takes long, it does.
asio::awaitable<void> LiveStatus::let_answer_arrive(Shared live) {
  const auto deadline = Clock::now() + options_.rules.until_answer;
  leaving_.insert(live);
  while (!live->answered && outbox_.has_work(live->turn.lane.chat_id) && Clock::now() < deadline) {
    co_await live->changed.wait_until(deadline);
  }
  leaving_.erase(live);
}

/// When it may be shown next; nullopt: not before something changes.
std::optional<LiveStatus::Clock::time_point> LiveStatus::next_time(const Live& live) {
  if (!live.runs || !has_lane(live)) return std::nullopt;
  const auto may = may_show_at(live.shown, options_.rules);
  const bool forgotten = live.deciding && may && *may > live.waits_since + options_.rules.longest_wait;
  return forgotten ? std::nullopt : may;
}

LiveContent LiveStatus::content_of(const Live& live) const {
  const auto running = std::max(domain::wall_clock_now() - live.started_at, milliseconds::zero());
  return live_content(live.language, live.progress,
                      {.deciding = live.deciding,
                       .stopping = live.stopping,
                       .running = std::chrono::floor<std::chrono::seconds>(running)},
                      live.shown.view, tick(live.shown.view, running, options_.rules));
}

/// One preview at a time in a lane; the next one comes when that is over.
bool LiveStatus::has_lane(const Live& live) {
  if (live.shown.view.surface == Surface::none) return true;
  return shown_in_.try_emplace(live.turn.lane, live.job_id).first->second == live.job_id;
}

void LiveStatus::leave_lane(const Live& live) {
  const auto found = shown_in_.find(live.turn.lane);
  if (found == shown_in_.end() || found->second != live.job_id) return;
  shown_in_.erase(found);
  for (const auto& [id, other] : jobs_) {
    if (other->turn.lane == live.turn.lane) other->changed.notify_all();
  }
}

bool LiveStatus::take_room(const Live& live) {
  const std::int64_t chat_id = live.turn.lane.chat_id;
  if (outbox_.is_parked(chat_id)) return false;
  if (live.shown.view.surface == Surface::draft) return flood_.take_draft(chat_id, Clock::now());
  return !outbox_.has_work(chat_id) && flood_.take_preview(chat_id, Clock::now());
}

asio::awaitable<void> LiveStatus::show(Shared live, LiveContent content) {
  LiveShown& shown = live->shown;
  shown.tried = Clock::now();
  shown.jitter = process::random_fraction();
  if (store_.current_chat(live->turn.lane.chat_id) != live->turn.lane.chat_id) {
    shown.off = true;  // a supergroup now, where our message has another id
    co_return;
  }
  if (may_see_ && !may_see_(live->turn.requester_id)) {
    shown.off = true;  // let out while the job ran: the answer will be kept back, too
    co_return;
  }
  if (!take_room(*live)) {
    ++counts_.dropped;
    co_return;
  }
  shown.content = std::move(content);
  keep_row(*live);
  const LiveOutcome outcome = co_await send(live);
  if (outcome != LiveOutcome::shown && outcome != LiveOutcome::dismissed) ++counts_.failures;
  if (!note_outcome(shown, outcome, options_.rules)) co_return;
  ++counts_.latched;
  const auto until = domain::wall_clock_now() + options_.rules.latch;
  store_.latch_drafts(live->turn.lane.chat_id, until, "refused");
  log::warn("live.drafts_refused", {{"chat", live->turn.lane.chat_id}, {"job", live->job_id}});
}

asio::awaitable<LiveOutcome> LiveStatus::send(Shared live) {
  const Lane lane = live->turn.lane;
  const render::Part& part = live->shown.content.part;
  if (live->shown.view.surface == Surface::message && !live->row->message_id) {
    co_return co_await send_message(live);
  }
  std::expected<void, telegram::ApiError> done;
  if (live->shown.view.surface == Surface::draft) {
    ++counts_.drafts;
    // A message that comes meanwhile takes it out of the chat again.
    live->shown.there = true;
    auto payload = telegram::draft_payload(part.text, entities_of(part));
    drafting_[lane] = live;
    done = co_await api_.send_draft(lane.chat_id, lane.thread_id, live->row->draft_id, std::move(payload));
    drafting_.erase(lane);
    live->changed.notify_all();
    if (done) co_return live->shown.there ? LiveOutcome::shown : LiveOutcome::dismissed;
  } else {
    ++counts_.edits;
    ++live->shown.edits;
    store_.set_live_edits(live->job_id, live->shown.edits);
    auto payload = telegram::message_payload(part.text, entities_of(part), std::nullopt);
    json::Object markup;
    if (buttons_ != nullptr) markup = buttons_->shown(lane.chat_id, *live->row->message_id);
    if (!markup.empty()) payload["reply_markup"] = std::move(markup);
    done = co_await api_.edit_text(lane.chat_id, *live->row->message_id, std::move(payload));
  }
  co_return done ? LiveOutcome::shown : outcome_of(*live, done.error());
}

json::Object LiveStatus::stop_button(const Live& live) {
  json::Object markup;
  if (buttons_ == nullptr) return markup;
  const Button stop{.label = wording::say(live.language, "buttons.stop"),
                    .action = ButtonAction::stop,
                    .subject = live.job_id,
                    .style = ButtonStyle::danger};
  const Audience audience{.lane = live.turn.lane, .job_id = live.job_id};
  store_.unit([&] { markup = buttons_->markup({.rows = {{stop}}}, audience); });
  return markup;
}

asio::awaitable<LiveOutcome> LiveStatus::send_message(Shared live) {
  const Lane lane = live->turn.lane;
  const render::Part& part = live->shown.content.part;
  const auto reply_to = reply_target(lane, live->turn.message_id);
  auto payload = telegram::message_payload(part.text, entities_of(part), reply_to);
  payload["disable_notification"] = true;
  const json::Object markup = stop_button(*live);
  if (!markup.empty()) payload["reply_markup"] = markup;
  ++counts_.messages;
  const auto sent = co_await api_.send(lane.chat_id, lane.thread_id, std::move(payload));
  if (!sent) {
    const bool may_be_there = sent.error().kind == telegram::ApiError::Kind::unknown;
    if (!markup.empty() && !may_be_there) buttons_->forget(markup);
    co_return outcome_of(*live, sent.error());
  }
  live->row->message_id = *sent;
  store_.unit([&] {
    store_.set_live_message(live->job_id, *sent);
    if (!markup.empty()) buttons_->sent(markup, lane, *sent);
  });
  co_return LiveOutcome::shown;
}

LiveOutcome LiveStatus::outcome_of(const Live& live, const telegram::ApiError& error) {
  const std::int64_t chat_id = live.turn.lane.chat_id;
  const bool draft = live.shown.view.surface == Surface::draft;
  const bool sends = !draft && !live.row->message_id;
  log::warn("live.not_shown", {{"chat", chat_id}, {"job", live.job_id}, {"error", error.describe()}});
  if (error.error_code == 429) {
    ++counts_.flood_refusals;
    const milliseconds pause = error.retry_after.value_or(std::chrono::seconds{1}) + milliseconds{500};
    draft ? flood_.draft_refused(chat_id, pause, Clock::now()) : flood_.refused(chat_id, pause, Clock::now());
    return LiveOutcome::flooded;
  }
  if (error.kind == telegram::ApiError::Kind::unknown && sends) return LiveOutcome::unknown_send;
  const bool refused = error.kind == telegram::ApiError::Kind::refused && error.error_code < 500;
  if (!refused) return LiveOutcome::failed;
  const bool of_topic = error.description.find("thread") != std::string::npos ||
                        error.description.find("TOPIC") != std::string::npos;
  return error.error_code == 400 && !of_topic ? LiveOutcome::refused : LiveOutcome::hopeless;
}

asio::awaitable<void> LiveStatus::take_out(LiveRow row) {
  const std::int64_t chat_id = row.lane.chat_id;
  const bool moved = store_.current_chat(chat_id) != chat_id;
  bool gone = true;
  if (row.message_id && !moved) {
    auto call = [&] { return api_.delete_message(chat_id, *row.message_id); };
    gone = co_await insist(call, chat_id);
  }
  if (row.reacted_to != 0 && !moved) {
    auto call = [&] { return api_.set_reaction(chat_id, row.reacted_to, ""); };
    const bool done = co_await insist(call, chat_id);
    gone = gone && done;
  }
  if (!gone) log::warn("live.not_taken_out", {{"job", row.job_id}, {"chat", chat_id}});
  store_.remove_live(row.job_id);
}

/// Telegram answered 429 to something that is no message: what the chat is sent next waits all the same.
void LiveStatus::leave_alone(std::int64_t chat_id, const telegram::ApiError& error) {
  ++counts_.flood_refusals;
  flood_.refused(chat_id, error.retry_after.value_or(std::chrono::seconds{1}), Clock::now());
}

/// Makes a call that may safely be made twice until Telegram has taken or refused it.
asio::awaitable<bool> LiveStatus::insist(std::function<telegram::ApiCall<void>()> call,
                                         std::int64_t chat_id) {
  constexpr int most_tries = 8;
  constexpr milliseconds until_room{1'050};
  for (CallFailures failures{.all = 0}; failures.all < most_tries;) {
    if (!flood_.take_ornament(chat_id, Clock::now())) {
      co_await async::sleep_for(until_room);
      continue;
    }
    const auto done = co_await call();
    if (done) co_return true;
    ++failures.all;
    if (failed_by_server(done.error())) ++failures.by_server;
    if (done.error().error_code == 429) leave_alone(chat_id, done.error());
    const auto wait = repeat_after(done.error(), failures, {}, process::random_fraction());
    if (!wait) co_return false;
    co_await async::sleep_for(*wait);
  }
  co_return false;
}

}  // namespace butler::gateway
