#include "gateway/panic.hpp"

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording_conversation.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::JobStatus;
using std::chrono::steady_clock;

std::optional<std::size_t> known(const std::expected<std::size_t, api::CallError>& count) {
  return count ? std::optional{*count} : std::nullopt;
}

std::string who(const telegram::Person& person) {
  const std::string id = std::to_string(person.id);
  return person.first_name.empty() ? id : person.first_name + " (" + id + ")";
}

}  // namespace

ControlAnswer Panic::obey(std::string action, const ControlRequest& request) {
  if (action == "on") return on(request);
  if (action == "off") return off(request);
  if (action.empty() || action == "status") return status(request);
  return say(wording::panic_usage(request.language));
}

ControlAnswer Panic::on(const ControlRequest& request) {
  const std::string reason = domain::shorten("panic by " + who(request.person), domain::limits::reason);
  // Counted before as well: when the first answer is lost, the second one has nothing left to stop. A count
  // that fails does not keep anything from being stopped.
  const auto running = co_await count(JobStatus::running, request.give_up);
  const api::PauseRequest pause{
      .reason = reason, .abort_running = true, .requester_id = std::to_string(request.person.id)};
  auto call = [&] { return orchestrator_.pause(pause); };
  const auto paused = co_await patiently<api::AdminAnswer>(call, request.give_up);
  if (!paused) co_return ControlResult{excuse(request.language, paused.error())};
  log::warn("panic.on", {{"by", request.person.id}});
  const auto queued = co_await count(JobStatus::queued, request.give_up);
  const auto told = static_cast<std::size_t>(paused->aborted.value_or(0));
  auto stopped = known(running);
  if (told > stopped.value_or(0)) stopped = told;
  co_return ControlResult{wording::panic_on(request.language, stopped, known(queued))};
}

ControlAnswer Panic::off(const ControlRequest& request) {
  const auto before = co_await state(request.give_up);
  if (!before) co_return ControlResult{excuse(request.language, before.error())};
  const auto queued = co_await count(JobStatus::queued, request.give_up);
  if (!queued) co_return ControlResult{excuse(request.language, queued.error())};
  const api::ResumeRequest resume{.requester_id = std::to_string(request.person.id)};
  auto call = [&] { return orchestrator_.resume(resume); };
  const auto resumed = co_await patiently<api::AdminState>(call, request.give_up);
  if (!resumed) co_return ControlResult{excuse(request.language, resumed.error())};
  log::warn("panic.off", {{"by", request.person.id}});
  co_return ControlResult{wording::panic_off(request.language, before->paused, *queued)};
}

ControlAnswer Panic::status(const ControlRequest& request) {
  const auto admin = co_await state(request.give_up);
  if (!admin) co_return ControlResult{excuse(request.language, admin.error())};
  const auto running = co_await count(JobStatus::running, request.give_up);
  if (!running) co_return ControlResult{excuse(request.language, running.error())};
  const auto queued = co_await count(JobStatus::queued, request.give_up);
  if (!queued) co_return ControlResult{excuse(request.language, queued.error())};
  co_return ControlResult{
      wording::panic_status(request.language, admin->paused, admin->pause_reason, *running, *queued)};
}

api::Call<std::size_t> Panic::count(JobStatus status, steady_clock::time_point give_up) {
  api::JobQuery query{.status = status, .limit = domain::limits::jobs_per_page};
  std::size_t counted = 0;
  do {
    const auto list = co_await search_.list(query, give_up);
    if (!list) co_return std::unexpected(list.error());
    counted += list->jobs.size();
    query.before = list->next_before;
  } while (query.before);
  co_return counted;
}

api::Call<api::AdminState> Panic::state(steady_clock::time_point give_up) {
  auto call = [&] { return orchestrator_.admin_state(); };
  co_return co_await patiently<api::AdminState>(call, give_up);
}

}  // namespace butler::gateway
