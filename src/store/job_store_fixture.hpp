#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>

#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "store/job_store.hpp"
#include "store/postgres_job_store.hpp"
#include "store/sqlite_job_store.hpp"
#include "unit/postgres_server.hpp"
#include "unit/temp_folder.hpp"

namespace butler::store {

namespace fs = std::filesystem;
using domain::JobStatus;
using std::chrono::milliseconds;

/// A place of one test's own; opening it again stands for a restart of the process.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  virtual ~Place() = default;
  virtual std::unique_ptr<JobStore> open() = 0;
};

class SqlitePlace final : public Place {
 public:
  std::unique_ptr<JobStore> open() override {
    return std::make_unique<SqliteJobStore>(folder_.path() / "state.db", domain::Timestamp{milliseconds{1}});
  }

 private:
  test::TempFolder folder_;
};

class PostgresPlace final : public Place {
 public:
  ~PostgresPlace() override { test::PostgresServer::instance().drop_database(url_); }
  std::unique_ptr<JobStore> open() override {
    return std::make_unique<PostgresJobStore>(url_, "orchestrator", domain::Timestamp{milliseconds{1}});
  }
  const std::string& url() const { return url_; }

 private:
  std::string url_ = test::PostgresServer::instance().new_database();
};

/// A store that the contract below is run against.
struct Backend {
  std::string name;
  std::function<std::unique_ptr<Place>()> make;
};

inline std::ostream& operator<<(std::ostream& out, const Backend& backend) { return out << backend.name; }

/// All that there are.
inline auto all_backends() {
  return testing::Values(Backend{"sqlite", [] { return std::make_unique<SqlitePlace>(); }},
                         Backend{"postgres", [] { return std::make_unique<PostgresPlace>(); }});
}

/// What every JobStore promises, run against each backend.
class JobStoreTest : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { reopen(); }

  void reopen() {
    store.reset();
    store = place->open();
  }

  /// Does it in a transaction of its own.
  void durably(const std::function<void()>& work) {
    store->begin();
    store->unit(work);
    store->commit();
  }

  domain::Job new_job(const std::string& session = "session-1", JobStatus status = JobStatus::queued) {
    domain::Job job;
    job.id = ids.next(now, {});
    job.status = status;
    job.prompt = "say \"hello\" \xF0\x9F\x98\x80";
    job.chat_id = "100";
    job.requester_id = "1001";
    job.session_key = session;
    job.created_at = now;
    job.updated_at = now;
    return job;
  }

  std::string add(const std::string& session = "session-1", JobStatus status = JobStatus::queued) {
    const auto job = new_job(session, status);
    durably([&] {
      store->insert(job, std::nullopt);
      store->refresh_head(session);
    });
    return job.id;
  }

  std::optional<std::string> claimable(const ClaimFilter& filter = {}) {
    const auto record = store->oldest_claimable(filter);
    return record ? std::optional{record->job.id} : std::nullopt;
  }

  /// Moves a job as a caller would that has read it before.
  bool move(const std::string& id, JobStatus expected, JobStatus to) {
    auto record = *store->find(id);
    record.job.status = to;
    if (to == JobStatus::completed || to == JobStatus::failed || to == JobStatus::aborted)
      record.job.finished_at = now;
    const bool moved = store->update(record, expected);
    store->refresh_head(record.job.session_key);
    return moved;
  }

  static StoredEvent delta(const std::string& text) {
    StoredEvent event;
    event.type = domain::EventType::agent_text_delta;
    event.data = "{\"delta\":\"" + text + "\"}";
    return event;
  }

  std::unique_ptr<Place> place = GetParam().make();
  std::unique_ptr<JobStore> store;
  domain::JobIdSequence ids;
  domain::Timestamp now{milliseconds{1'700'000'000'000}};
};

}  // namespace butler::store
