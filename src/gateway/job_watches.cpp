#include "gateway/job_watches.hpp"

#include <algorithm>
#include <utility>

#include "domain/backoff.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/reply.hpp"
#include "gateway/tool_summary.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::JobStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_wait{50};
constexpr domain::Backoff backoff{milliseconds{200}, 2.0, seconds{5}};
/// What waits nearly as long as the one that is told of is told with it.
constexpr milliseconds told_together{500};

bool waits(const domain::Job& job) { return job.status == JobStatus::queued; }

}  // namespace

void JobWatches::resume() {
  for (Turn& turn : store_.open_turns()) {
    // Not seen yet: neither waiting nor running, and any look is news.
    domain::Job job;
    job.id = turn.job_id.value_or("");
    job.status = JobStatus::needs_approval;
    follow_later({.turn = std::move(turn), .job = std::move(job)});
  }
  tasks_.spawn("what waits", tell_what_waits());
}

void JobWatches::watch(const Turn& turn, const domain::Job& job) {
  if (domain::is_terminal(job.status)) return;
  const auto age = domain::wall_clock_now() - turn.created_at;
  const auto left = std::max<milliseconds>(options_.until_told - age, milliseconds::zero());
  Watched watched{.turn = turn, .job = job, .due = Clock::now() + left, .tells_tools = true};
  if (options_.notices.lifecycle)
    note(watched, "created", wording::job_created(domain::short_job_id(job.id)));
  follow_later(std::move(watched));
}

void JobWatches::ended(const std::string& job_id) {
  const auto found = watched_.find(job_id);
  if (found == watched_.end()) return;
  show_typing(found->second, false);
  watched_.erase(found);
}

void JobWatches::follow_later(Watched watched) {
  std::string job_id = watched.job.id;
  if (!watched_.emplace(job_id, std::move(watched)).second) return;
  changed_.notify_all();
  tasks_.spawn("job watch", follow(std::move(job_id)));
}

asio::awaitable<void> JobWatches::follow(std::string job_id) {
  for (int failures = 0; watched_.contains(job_id);) {
    const auto job = co_await look(job_id);
    const auto found = watched_.find(job_id);
    if (found == watched_.end()) co_return;  // its answer was here first
    if (job) {
      failures = 0;
      see(found->second, *job);
      if (domain::is_terminal(job->status)) co_return ended(job_id);
      continue;
    }
    if (job.error().kind == api::CallError::Kind::refused) {
      log::warn("job.not_watched", {{"job", job_id}, {"error", job.error().message}});
      co_return ended(job_id);
    }
    show_typing(found->second, false);  // nobody knows whether it still runs
    ++failures;
    const auto wait = domain::retry_delay(backoff, failures, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

/// No coroutine: it only chooses one. Words about a job that waits come as events, and so do its tools.
JobWatches::Look JobWatches::look(std::string job_id) {
  const Watched& watched = watched_.at(job_id);
  const bool by_events = waits(watched.job)
                             ? watched.turn.told_state
                             : options_.notices.tools && watched.job.status == JobStatus::running;
  if (by_events) return look_at_events(std::move(job_id));
  return orchestrator_.await_job(std::move(job_id), watched.job.updated_at, patience(watched));
}

seconds JobWatches::patience(const Watched& watched) const {
  if (!watched.typing || !watched.job.started_at) return longest_wait;
  const auto left = *watched.job.started_at + options_.typing_at_most - domain::wall_clock_now();
  return std::clamp(std::chrono::ceil<seconds>(left), seconds{1}, longest_wait);
}

JobWatches::Look JobWatches::look_at_events(std::string job_id) {
  const seconds wait = patience(watched_.at(job_id));
  const std::int64_t cursor = watched_.at(job_id).cursor;
  const auto page = co_await orchestrator_.events(job_id, cursor, wait);
  if (!page) co_return std::unexpected(page.error());
  const auto found = watched_.find(job_id);
  if (found != watched_.end()) note_events(found->second, *page);
  const bool running = found != watched_.end() && found->second.job.status == JobStatus::running;
  if (running) co_await async::sleep_for(options_.between_tool_notices);
  co_return co_await orchestrator_.get_job(std::move(job_id));
}

void JobWatches::see(Watched& watched, const domain::Job& job) {
  const JobStatus before = std::exchange(watched.job, job).status;
  if (waits(job) && before != JobStatus::queued) watched.due = Clock::now() + options_.until_told;
  show_typing(watched, job.status == JobStatus::running);
  if (options_.notices.lifecycle && job.status == JobStatus::running) {
    note(watched, "started", wording::job_started(domain::short_job_id(job.id)));
  }
  changed_.notify_all();
}

void JobWatches::show_typing(Watched& watched, bool running) {
  const auto since = watched.job.started_at.value_or(domain::wall_clock_now());
  const auto age = domain::wall_clock_now() - since;
  const bool wanted = running && age < options_.typing_at_most;
  if (running && !wanted) note(watched, "working", wording::still_working(age));
  if (wanted == watched.typing) return;
  watched.typing = wanted;
  wanted ? typing_.begin(watched.turn.lane) : typing_.end(watched.turn.lane);
}

void JobWatches::note_events(Watched& watched, const api::EventPage& page) {
  watched.cursor = page.next_cursor;
  if (waits(watched.job)) {
    for (const api::Event& event : page.events) {
      if (event.type != domain::EventType::log || !event.message) continue;
      note(watched, "away", wording::waits_for_its_machine(*event.message));
    }
    return;
  }
  const std::string tools = tool_summary(page.events);
  const bool told = std::exchange(watched.tells_tools, true);
  if (tools.empty() || !told) return;
  note(watched, "tools:" + std::to_string(page.next_cursor), wording::tools_used(tools));
}

/// Once per job and topic, quietly.
void JobWatches::note(const Watched& watched, const std::string& topic, const std::string& text) {
  outbox_.queue({.source = topic + ":" + watched.job.id,
                 .kind = MessageKind::notice,
                 .to = watched.turn.lane,
                 .payloads = quiet_payloads(text),
                 .about = watched.job.id});
}

// What waits.

asio::awaitable<void> JobWatches::tell_what_waits() {
  for (;;) {
    const auto due = earliest_due();
    if (!due) {
      co_await changed_.wait();
    } else if (*due > Clock::now()) {
      co_await changed_.wait_until(*due);
    } else {
      co_await tell_due();
    }
  }
}

std::optional<JobWatches::Clock::time_point> JobWatches::earliest_due() const {
  std::optional<Clock::time_point> earliest;
  for (const auto& [id, watched] : watched_) {
    if (!waits(watched.job) || watched.turn.told_state) continue;
    earliest = earliest ? std::min(*earliest, watched.due) : watched.due;
  }
  return earliest;
}

asio::awaitable<void> JobWatches::tell_due() {
  const auto admin = co_await orchestrator_.admin_state();
  std::optional<std::string> pause;
  if (admin && admin->paused) pause = admin->pause_reason.value_or("");
  std::map<Lane, std::vector<Watched*>> lanes;
  const auto now = Clock::now();
  for (auto& [id, watched] : watched_) {
    const bool due = waits(watched.job) && !watched.turn.told_state && watched.due <= now + told_together;
    if (due) lanes[watched.turn.lane].push_back(&watched);
  }
  for (const auto& [lane, of_lane] : lanes) tell(of_lane, pause);
}

void JobWatches::tell(const std::vector<Watched*>& of_lane, const std::optional<std::string>& pause) {
  const Watched& first = *of_lane.front();
  const std::size_t ahead = count_ahead(first);
  const std::size_t count = of_lane.size();
  const std::string text = pause       ? wording::waits_while_paused(count, *pause)
                           : ahead > 0 ? wording::queued_behind(count, ahead)
                                       : wording::waits_for_a_worker(count);
  store_.unit([&] {
    for (const Watched* watched : of_lane) store_.set_told_state(watched->turn.id);
    note(first, "waits", text);
  });
  for (Watched* watched : of_lane) watched->turn.told_state = true;
  log::info("job.waits", {{"job", first.job.id},
                          {"chat", first.turn.lane.chat_id},
                          {"jobs", count},
                          {"ahead", ahead},
                          {"paused", pause.has_value()}});
}

/// Jobs of the same session that run, or will run, before this one. What waits for an approval holds nothing
/// back.
std::size_t JobWatches::count_ahead(const Watched& watched) const {
  return static_cast<std::size_t>(std::ranges::count_if(watched_, [&](const auto& entry) {
    const domain::Job& other = entry.second.job;
    const bool before = other.id < watched.job.id && other.session_key == watched.job.session_key;
    return before && other.status != JobStatus::needs_approval && !domain::is_terminal(other.status);
  }));
}

}  // namespace butler::gateway
