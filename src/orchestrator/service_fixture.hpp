#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "orchestrator/approval_service.hpp"
#include "orchestrator/artifact_service.hpp"
#include "orchestrator/job_service.hpp"
#include "orchestrator/lease_service.hpp"
#include "store/sqlite_job_store.hpp"
#include "unit/temp_folder.hpp"

namespace butler::orchestrator {

/// The services on a real SQLite file, with clocks that the test moves. restart() is a new process on the
/// same file.
class ServiceFixture {
 public:
  ServiceFixture() { restart(); }

  void restart() {
    store.reset();
    clock = {};
    store = std::make_unique<store::SqliteJobStore>(folder.path() / "state.db", now.wall);
    jobs = std::make_unique<JobService>(*store, touched, clock, measures, attachment_wait);
    leases = std::make_unique<LeaseService>(*store, touched, clock, measures, lease, session_home);
    approvals = std::make_unique<ApprovalService>(*store, touched, measures, *leases);
    files = std::make_unique<ArtifactFiles>(folder.path() / "artifacts");
    artifacts = std::make_unique<ArtifactService>(*store, touched, *leases, *files, artifact_quota);
    leases->grant_grace(now);
  }

  void advance(std::chrono::milliseconds time) {
    now.wall += time;
    now.steady += time;
  }

  /// One request: its unit in a transaction of its own.
  template <class Work>
  auto request(Work work) {
    std::optional<decltype(work())> result;
    store->begin();
    store->unit([&] { result.emplace(work()); });
    store->commit();
    touched.take();
    return *std::move(result);
  }

  void expire() {
    request([&] {
      leases->expire(now);
      return 0;
    });
  }

  static api::CreateJobRequest task(const std::string& session = "s1", const std::string& prompt = "do it") {
    api::CreateJobRequest create;
    create.prompt = prompt;
    create.channel = domain::Channel::telegram;
    create.chat_id = "100";
    create.requester_id = "1001";
    create.session_key = session;
    return create;
  }

  domain::Job create(const api::CreateJobRequest& body, const std::optional<std::string>& key = {}) {
    auto created = request([&] { return jobs->create(body, key, now.wall); });
    if (!created) throw std::runtime_error(created.error().code);
    return created->job;
  }

  std::optional<api::ClaimedJob> claim(const std::string& worker,
                                       const std::optional<std::string>& claim_id = {},
                                       const std::optional<std::string>& session_store = {}) {
    api::ClaimRequest body;
    body.worker_id = worker;
    body.claim_id = claim_id;
    body.session_store = session_store;
    return request([&] { return leases->claim(body, now); }).value();
  }

  domain::Job job(const std::string& id) { return store->find(id)->job; }

  Outcome<void> report(const std::string& id, const LeaseService::Token& token, domain::EventType type,
                       std::optional<std::int64_t> batch = {}) {
    api::ReportedEvent event;
    event.type = type;
    if (type == domain::EventType::agent_text_delta) event.data = json::Object{{"delta", "word "}};
    return report(id, token, event, batch);
  }

  Outcome<void> report(const std::string& id, const LeaseService::Token& token,
                       const api::ReportedEvent& event, std::optional<std::int64_t> batch = {}) {
    api::ReportEventsRequest body;
    body.events = {event};
    body.batch = batch;
    return request([&] { return leases->report_events(id, token, body, now); });
  }

  Outcome<LeaseService::Completed> complete(const std::string& id, const LeaseService::Token& token,
                                            const std::string& text = "done",
                                            const std::optional<api::ClaimRequest>& next = {}) {
    api::CompleteRequest body;
    body.result_text = text;
    body.claim = next;
    return request([&] { return leases->complete(id, token, body, now); });
  }

  Outcome<domain::Job> fail(const std::string& id, const LeaseService::Token& token, bool retryable = false) {
    api::FailRequest body;
    body.error = "broken";
    if (retryable) body.retryable = true;
    return request([&] { return leases->fail(id, token, body, now); });
  }

  Outcome<domain::Job> abort(const std::string& id, const api::AbortRequest& body = {}) {
    return request([&] { return jobs->abort(id, body, now.wall); });
  }

  using ArtifactCaller = ArtifactService::Caller;

  /// Admission and all bytes of an upload, not its end.
  Outcome<std::shared_ptr<ArtifactUpload>> upload(const std::string& id, const api::NewArtifact& artifact,
                                                  const std::string& bytes,
                                                  const ArtifactCaller& caller = {}) {
    auto begun = artifacts->begin(caller, id, artifact, bytes.size());
    if (begun && (*begun)->take(bytes)) return std::unexpected(Refusal{507, "storage_full", "", {}});
    return begun;
  }

  Outcome<ArtifactService::Put> put(const std::string& id, const api::NewArtifact& artifact,
                                    const std::string& bytes, const ArtifactCaller& caller = {}) {
    const auto begun = upload(id, artifact, bytes, caller);
    if (!begun) return std::unexpected(begun.error());
    return request([&] { return artifacts->finish(caller, id, **begun, now); });
  }

  Outcome<ArtifactService::Put> put(const std::string& id, const std::string& name,
                                    const std::string& bytes) {
    return put(id, api::NewArtifact{.name = name}, bytes);
  }

  static constexpr std::chrono::seconds lease{30};
  static constexpr std::chrono::seconds session_home{300};
  static constexpr std::chrono::seconds attachment_wait{600};
  static constexpr std::uint64_t artifact_quota = 10'000;

  test::TempFolder folder;
  LeaseService::Now now{domain::Timestamp{std::chrono::milliseconds{1'700'000'000'000}},
                        std::chrono::steady_clock::time_point{std::chrono::hours{1}}};
  Touched touched;
  LeaseClock clock;
  Measures measures;
  std::unique_ptr<store::SqliteJobStore> store;
  std::unique_ptr<JobService> jobs;
  std::unique_ptr<LeaseService> leases;
  std::unique_ptr<ApprovalService> approvals;
  std::unique_ptr<ArtifactFiles> files;
  std::unique_ptr<ArtifactService> artifacts;
};

}  // namespace butler::orchestrator
