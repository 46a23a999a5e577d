#include "gateway/unpairing.hpp"

#include <charconv>
#include <utility>

#include "domain/job_id.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

std::optional<std::int64_t> person_id_in(std::string_view typed) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), id);
  if (error != std::errc{} || end != typed.data() + typed.size() || id <= 0) return std::nullopt;
  return id;
}

Unpairing::Removed Unpairing::remove(std::int64_t person_id) {
  Removed removed;
  removed.was_paired = pairing_.remove(person_id);
  removed.configured = people_.is_configured(person_id);
  if (!removed.configured) removed.open_jobs = search_.unanswered({.requester_id = person_id});
  return removed;
}

asio::awaitable<Unpairing::Stopped> Unpairing::stop(std::vector<std::string> jobs, std::string requester_id,
                                                    std::chrono::steady_clock::time_point give_up) {
  Stopped stopped;
  for (const std::string& job_id : jobs) {
    auto call = [&] {
      return orchestrator_.abort(
          job_id, {.reason = "no longer paired", .requester_id = requester_id, .if_status = std::nullopt});
    };
    const auto job = co_await patiently<domain::Job>(call, give_up);
    if (job) {
      ++stopped.count;
    } else if (job.error().status != 404) {
      stopped.left.push_back(domain::short_job_id(job_id));
    }
  }
  co_return stopped;
}

ControlAnswer Unpairing::unpair(std::string typed, const ControlRequest& request) {
  const auto id = person_id_in(typed);
  if (!id) co_return ControlResult{wording::which_person(request.language)};
  const Removed removed = remove(*id);
  if (removed.configured) co_return ControlResult{wording::still_configured(request.language, *id)};
  const Stopped stopped = co_await stop(removed.open_jobs, request.person_id(), request.give_up);
  const bool done_before = !removed.was_paired && stopped.count == 0 && stopped.left.empty();
  if (done_before) co_return ControlResult{wording::not_paired(request.language, *id)};
  co_return ControlResult{wording::unpaired(request.language, *id, stopped.count, stopped.left)};
}

}  // namespace butler::gateway
