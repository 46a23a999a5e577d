#include "gateway/unpairing.hpp"

#include <charconv>
#include <optional>

#include "domain/job_id.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

std::optional<std::int64_t> person_id(std::string_view typed) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), id);
  if (error != std::errc{} || end != typed.data() + typed.size() || id <= 0) return std::nullopt;
  return id;
}

}  // namespace

ControlAnswer Unpairing::unpair(std::string typed, const ControlRequest& request) {
  const auto id = person_id(typed);
  if (!id) co_return ControlResult{wording::which_person()};
  const bool removed = pairing_.remove(*id);
  if (people_.is_configured(*id)) co_return ControlResult{wording::still_configured(*id)};
  const Stopped stopped = co_await stop_jobs_of(*id, request);
  const bool done_before = !removed && stopped.count == 0 && stopped.left.empty();
  if (done_before) co_return ControlResult{wording::not_paired(*id)};
  co_return ControlResult{wording::unpaired(*id, stopped.count, stopped.left)};
}

asio::awaitable<Unpairing::Stopped> Unpairing::stop_jobs_of(std::int64_t person_id,
                                                            const ControlRequest& request) {
  Stopped stopped;
  for (const std::string& job_id : search_.unanswered({.requester_id = person_id})) {
    auto call = [&] {
      return orchestrator_.abort(
          job_id,
          {.reason = "no longer paired", .requester_id = request.person_id(), .if_status = std::nullopt});
    };
    const auto job = co_await patiently<domain::Job>(call, request.give_up);
    if (job) {
      ++stopped.count;
    } else if (job.error().status != 404) {
      stopped.left.push_back(domain::short_job_id(job_id));
    }
  }
  co_return stopped;
}

}  // namespace butler::gateway
