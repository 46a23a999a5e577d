#include "gateway/artifact_delivery.hpp"

#include "gateway/artifact_plan.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr domain::Backoff listing_backoff{std::chrono::milliseconds{200}, 2.0, std::chrono::seconds{5}};

}  // namespace

asio::awaitable<void> ArtifactDelivery::run() {
  for (int failures = 0;;) {
    const auto check = store_.first_file_check();
    if (!check) {
      co_await changed_.wait();
      continue;
    }
    const bool done = co_await deliver(*check);
    if (done) {
      failures = 0;
      continue;
    }
    ++failures;
    const auto wait = domain::retry_delay(listing_backoff, failures, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

asio::awaitable<bool> ArtifactDelivery::deliver(const FileCheck& check) {
  const auto artifacts = co_await orchestrator_.list_artifacts(api::ArtifactSide::gateway(), check.job_id);
  const bool job_gone = !artifacts && artifacts.error().status == 404;
  if (!artifacts && !job_gone) {
    log::warn("artifacts.not_listed", {{"job", check.job_id}, {"error", artifacts.error().message}});
    co_return false;
  }
  store_.unit([&] {
    if (artifacts) queue(check, *artifacts);
    store_.end_file_check(check.job_id);
  });
  co_return true;
}

void ArtifactDelivery::queue(const FileCheck& check, const std::vector<api::Artifact>& artifacts) {
  std::vector<OutgoingFile> files;
  for (const api::Artifact& artifact : artifacts) {
    if (artifact.source == api::ArtifactSource::worker) files.push_back(outgoing_file(artifact));
  }
  if (files.empty()) return;
  std::vector<std::string> payloads;
  for (auto& album : in_albums(files)) {
    payloads.push_back(files_payload({.job_id = check.job_id, .files = std::move(album)}));
  }
  log::info("artifacts.queued",
            {{"job", check.job_id}, {"files", files.size()}, {"messages", payloads.size()}});
  outbox_.queue({.source = "files:" + check.job_id,
                 .kind = MessageKind::answer,
                 .to = check.lane,
                 .payloads = std::move(payloads)});
}

}  // namespace butler::gateway
