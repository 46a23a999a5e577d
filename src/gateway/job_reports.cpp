#include "gateway/job_reports.hpp"

#include "gateway/patience.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway {

ControlAnswer JobReports::status(std::string typed, const ControlRequest& request) {
  if (typed.empty()) co_return co_await status_of_chat(request);
  JobSearch::Wish wish{.command = "/status", .typed = std::move(typed)};
  const auto found = co_await search_.find(std::move(wish), request);
  if (!found) co_return ControlResult{found.error()};
  co_return ControlResult{wording::job_line(*found, domain::wall_clock_now())};
}

ControlAnswer JobReports::status_of_chat(const ControlRequest& request) {
  const std::size_t waiting = store_.count_stored_turns(request.lane.chat_id);
  auto call = [&] { return orchestrator_.admin_state(); };
  const auto admin = co_await patiently<api::AdminState>(call, request.give_up);
  if (!admin) co_return ControlResult{wording::status_unknown(waiting)};
  const auto jobs = co_await search_.open_jobs(jobs_of_chat(request), request.give_up);
  if (!jobs) co_return ControlResult{wording::status_unknown(waiting)};
  std::optional<std::string> pause;
  if (admin->paused) pause = wording::paused(admin->pause_reason);
  co_return ControlResult{wording::status_of_chat(job_lines(*jobs), waiting, pause)};
}

}  // namespace butler::gateway
