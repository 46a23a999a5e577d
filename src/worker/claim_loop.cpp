#include "worker/claim_loop.hpp"

#include <chrono>
#include <utility>

#include "domain/job.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

// Below the bound of 60 s on the wire, so that the answer is back before anybody's idle timeout.
constexpr std::chrono::seconds claim_wait{50};

}  // namespace

api::ClaimRequest ClaimLoop::make_claim(std::chrono::seconds wait) const {
  api::ClaimRequest request{.worker_id = claimant_.worker_id,
                            .wait_seconds = wait.count(),
                            .claim_id = process::random_hex(16),
                            .session_store = claimant_.session_store,
                            .kinds = std::vector{domain::JobKind::task, domain::JobKind::run},
                            .labels = {}};
  if (!claimant_.labels.empty()) request.labels = claimant_.labels;
  return request;
}

asio::awaitable<void> ClaimLoop::run_slot() {
  std::optional<api::ClaimedJob> claimed;
  while (claimed || !stop_.requested()) {
    if (!claimed) claimed = co_await claim();
    if (!claimed) continue;
    auto next_claim = make_claim(std::chrono::seconds{0});
    claimed = co_await runner_.run(std::move(*claimed), std::move(next_claim));
  }
}

asio::awaitable<std::optional<api::ClaimedJob>> ClaimLoop::claim() {
  const auto request = make_claim(claim_wait);
  auto claim_job = [&] { return try_claim(request); };
  if (on_claiming_) std::exchange(on_claiming_, nullptr)();
  auto result = co_await persist<std::optional<api::ClaimedJob>>("claim", claim_job, stop_,
                                                                 GiveUp::when_stop_is_requested);
  if (result) {
    refusals_ = 0;
    co_return std::move(*result);
  }
  if (result.error().kind == api::CallError::Kind::refused) {
    log::error("claim.refused", {{"status", result.error().status},
                                 {"code", result.error().code},
                                 {"error", result.error().message}});
    const auto delay = domain::retry_delay(domain::Backoff{}, ++refusals_, process::random_fraction());
    co_await stop_.pause(delay);
  }
  co_return std::nullopt;
}

api::Call<std::optional<api::ClaimedJob>> ClaimLoop::try_claim(const api::ClaimRequest& request) {
  auto result = co_await orchestrator_.claim(request);
  reaches_orchestrator_ = result || result.error().kind == api::CallError::Kind::refused;
  co_return result;
}

}  // namespace butler::worker
