#include "gateway/job_watches.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "api/event_member.hpp"
#include "domain/backoff.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "domain/limits.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/reply.hpp"
#include "gateway/tool_summary.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_approvals.hpp"
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

/// A tool call waits for a decision, or has one; or it may be among the events that are gone.
bool asks_somebody(const api::EventPage& page) {
  return page.truncated.value_or(false) || std::ranges::any_of(page.events, [](const api::Event& event) {
           return event.type == domain::EventType::approval_requested ||
                  event.type == domain::EventType::approval_decided;
         });
}

/// A tool call, or a connection, that the rules refused without asking anybody.
bool is_refusal(const api::Event& event) {
  if (event.type != domain::EventType::log || !event.message) return false;
  const auto kind = api::event_member(event, "kind");
  return kind == "policy_denied" || kind == "egress_denied";
}

/// The events after the last attempt at a job that waits: what a worker has logged is not about the waiting.
std::span<const api::Event> since_it_waits(const std::vector<api::Event>& events) {
  const auto ran = std::ranges::find_if(events.rbegin(), events.rend(), [](const api::Event& event) {
    return event.type == domain::EventType::job_started || event.type == domain::EventType::job_requeued;
  });
  return {ran.base(), events.end()};
}

/// The agent's words, which come often, change nothing that is shown of a job.
bool tells_nothing_of_the_job(const api::EventPage& page) {
  return !page.events.empty() && std::ranges::all_of(page.events, [](const api::Event& event) {
    return event.type == domain::EventType::agent_text_delta ||
           event.type == domain::EventType::agent_thinking_delta;
  });
}

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
    note(watched, "created", wording::job_created(language_of(watched), domain::short_job_id(job.id)));
  follow_later(std::move(watched));
}

bool JobWatches::is_busy(std::string_view session_key) const {
  return std::ranges::any_of(watched_, [&](const auto& entry) {
    const domain::Job& job = entry.second.job;
    return job.session_key == session_key && job.status != JobStatus::needs_approval &&
           !domain::is_terminal(job.status);
  });
}

void JobWatches::ended(const std::string& job_id) {
  const auto found = watched_.find(job_id);
  if (found == watched_.end()) return;
  show_typing(found->second, false);
  if (options_.notices.tools && found->second.tells_tools) {
    tasks_.spawn("last refusals", tell_last_refusals(std::move(found->second)));
  }
  watched_.erase(found);
  approvals_.job_ended(job_id);
}

void JobWatches::follow_later(Watched watched) {
  std::string job_id = watched.job.id;
  const Turn turn = watched.turn;
  if (!watched_.emplace(job_id, std::move(watched)).second) return;
  live_.begin(turn, job_id);
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
      live_.end(job_id);
      co_return ended(job_id);
    }
    show_typing(found->second, false);  // nobody knows whether it still runs
    ++failures;
    const auto wait = domain::retry_delay(backoff, failures, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

/// No coroutine: it only chooses one. Words about a job that waits come as events, and so does all that a
/// running one asks and tells.
JobWatches::Look JobWatches::look(std::string job_id) {
  const Watched& watched = watched_.at(job_id);
  const bool by_events =
      waits(watched.job) ? watched.turn.told_state : watched.job.status == JobStatus::running;
  if (by_events) return look_at_events(std::move(job_id));
  return orchestrator_.await_job(std::move(job_id), watched.job.updated_at, patience(watched));
}

seconds JobWatches::patience(const Watched& watched) const {
  seconds wait = longest_wait;
  if (watched.typing && watched.job.started_at) {
    const auto left = *watched.job.started_at + options_.typing_at_most - domain::wall_clock_now();
    wait = std::min(wait, std::chrono::ceil<seconds>(left));
  }
  if (!watched.tools.empty()) {
    wait = std::min(wait, std::chrono::ceil<seconds>(watched.tools_due - Clock::now()));
  }
  return std::max(wait, seconds{1});
}

JobWatches::Look JobWatches::look_at_events(std::string job_id) {
  const seconds wait = patience(watched_.at(job_id));
  const std::int64_t cursor = watched_.at(job_id).cursor;
  const auto page = co_await orchestrator_.events(job_id, cursor, wait);
  if (!page) co_return std::unexpected(page.error());
  auto found = watched_.find(job_id);
  if (found == watched_.end()) co_return co_await orchestrator_.get_job(std::move(job_id));
  if (asks_somebody(*page)) {
    Turn turn = found->second.turn;
    domain::Job job = found->second.job;
    const auto looked = co_await approvals_.look(std::move(turn), std::move(job));
    if (!looked) co_return std::unexpected(looked.error());  // the same events are read again
    found = watched_.find(job_id);
    if (found == watched_.end()) co_return co_await orchestrator_.get_job(std::move(job_id));
  }
  live_.hear(job_id, page->events);
  note_events(found->second, *page);
  const bool more = page->events.size() >= domain::limits::events_per_page;
  const bool running = found->second.job.status == JobStatus::running;
  if (tells_nothing_of_the_job(*page)) {
    const domain::Job as_it_was = found->second.job;
    if (running && !more) co_await async::sleep_for(options_.between_looks);
    co_return as_it_was;
  }
  if (running && !more) co_await async::sleep_for(options_.between_looks);
  co_return co_await orchestrator_.get_job(std::move(job_id));
}

void JobWatches::see(Watched& watched, const domain::Job& job) {
  const JobStatus before = std::exchange(watched.job, job).status;
  show_job_decision(buttons_, store_, job);
  if (waits(job) && before != JobStatus::queued) watched.due = Clock::now() + options_.until_told;
  watched.deciding = approvals_.waits(job.id);
  show_typing(watched, job.status == JobStatus::running && !watched.deciding);
  live_.see(job, watched.deciding);
  if (options_.notices.lifecycle && job.status == JobStatus::running) {
    note(watched, "started", wording::job_started(language_of(watched), domain::short_job_id(job.id)));
  }
  changed_.notify_all();
}

void JobWatches::show_typing(Watched& watched, bool running) {
  const auto since = watched.job.started_at.value_or(domain::wall_clock_now());
  const auto age = domain::wall_clock_now() - since;
  const bool wanted = running && age < options_.typing_at_most;
  if (running && !wanted) note(watched, "working", wording::still_working(language_of(watched), age));
  if (wanted == watched.typing) return;
  watched.typing = wanted;
  wanted ? typing_.begin(watched.turn.lane) : typing_.end(watched.turn.lane);
}

void JobWatches::note_events(Watched& watched, const api::EventPage& page) {
  watched.cursor = page.next_cursor;
  if (waits(watched.job)) {
    for (const api::Event& event : since_it_waits(page.events)) {
      if (event.type != domain::EventType::log || !event.message) continue;
      note(watched, "away", wording::waits_for_its_machine(language_of(watched), *event.message));
    }
    return;
  }
  const bool told = std::exchange(watched.tells_tools, true);
  if (told && options_.notices.tools) note_tools(watched, page.events);
}

void JobWatches::note_tools(Watched& watched, const std::vector<api::Event>& events) {
  for (const api::Event& event : events) {
    if (event.type == domain::EventType::tool_start) watched.tools.push_back(event);
  }
  note_refusals(watched, events);
  if (!watched.tools.empty() && Clock::now() >= watched.tools_due) tell_tools(watched);
}

void JobWatches::note_refusals(const Watched& watched, const std::vector<api::Event>& events) {
  for (const api::Event& event : events) {
    if (!is_refusal(event)) continue;
    // About no job: the end of this one does not make it pointless.
    outbox_.queue({.source = "refused:" + std::to_string(event.seq.value_or(0)) + ":" + watched.job.id,
                   .kind = MessageKind::notice,
                   .to = watched.turn.lane,
                   .payloads = quiet_payloads(wording::refused_by_rules(*event.message))});
  }
}

/// What a job was refused just before its end: its answer was faster than a look at its events.
asio::awaitable<void> JobWatches::tell_last_refusals(Watched watched) {
  for (bool more = true; more;) {
    const auto page = co_await orchestrator_.events(watched.job.id, watched.cursor, seconds{0});
    if (!page) {
      log::warn("job.not_watched", {{"job", watched.job.id}, {"error", page.error().message}});
      co_return;
    }
    note_refusals(watched, page->events);
    more = page->next_cursor != watched.cursor;
    watched.cursor = page->next_cursor;
  }
}

void JobWatches::tell_tools(Watched& watched) {
  note(watched, "tools:" + std::to_string(watched.cursor),
       wording::tools_used(language_of(watched), tool_summary(language_of(watched), watched.tools)));
  watched.tools.clear();
  watched.tools_due = Clock::now() + options_.between_tool_notices;
}

wording::Language JobWatches::language_of(const Watched& watched) const {
  return languages_.of_person(watched.turn.requester_id);
}

/// Once per job and topic, quietly.
void JobWatches::note(const Watched& watched, const std::string& topic, const std::string& text,
                      const Keyboard& keyboard) {
  queue_with_keyboard(outbox_, buttons_,
                      {.source = topic + ":" + watched.job.id,
                       .kind = MessageKind::notice,
                       .to = watched.turn.lane,
                       .payloads = quiet_payloads(text),
                       .about = watched.job.id},
                      keyboard, {.job_id = watched.job.id});
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
    earliest = earliest ? std::min(*earliest, due(watched)) : due(watched);
  }
  return earliest;
}

/// A lane where much comes is told seldom, and of all that has come.
JobWatches::Clock::time_point JobWatches::due(const Watched& watched) const {
  const auto told = told_.find(watched.turn.lane);
  if (told == told_.end()) return watched.due;
  return std::max(watched.due, told->second + options_.between_waiting_notices);
}

asio::awaitable<void> JobWatches::tell_due() {
  const auto admin = co_await orchestrator_.admin_state();
  std::optional<std::string> pause;
  if (admin && admin->paused) pause = admin->pause_reason.value_or("");
  std::map<Lane, std::vector<Watched*>> lanes;
  const auto now = Clock::now();
  for (auto& [id, watched] : watched_) {
    const bool is_due = waits(watched.job) && !watched.turn.told_state && due(watched) <= now + told_together;
    if (is_due) lanes[watched.turn.lane].push_back(&watched);
  }
  std::erase_if(told_,
                [&](const auto& entry) { return entry.second + options_.between_waiting_notices < now; });
  for (const auto& [lane, of_lane] : lanes) {
    tell(of_lane, pause);
    told_[lane] = now;
  }
}

void JobWatches::tell(const std::vector<Watched*>& of_lane, const std::optional<std::string>& pause) {
  const Watched& first = *of_lane.front();
  const std::size_t ahead = count_ahead(first);
  const std::size_t count = of_lane.size();
  const std::string text =
      pause       ? wording::waits_while_paused(language_of(first), count, *pause)
      : ahead > 0 ? wording::queued_behind(language_of(first), count, ahead, deciding_ahead(first))
                  : wording::waits_for_a_worker(language_of(first), count);
  store_.unit([&] {
    for (const Watched* watched : of_lane) store_.set_told_state(watched->turn.id);
    note(first, "waits", text, waiting_keyboard(language_of(first), first.job.id, count == 1));
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

/// What holds this one up waits itself, for somebody's decision.
bool JobWatches::deciding_ahead(const Watched& watched) const {
  return std::ranges::any_of(watched_, [&](const auto& entry) {
    const Watched& other = entry.second;
    return other.deciding && other.job.id < watched.job.id &&
           other.job.session_key == watched.job.session_key;
  });
}

}  // namespace butler::gateway
