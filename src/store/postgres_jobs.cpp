#include <algorithm>

#include "api/describe.hpp"
#include "store/postgres_job_store.hpp"
#include "store/rows.hpp"

// One job: added, found, changed.
namespace butler::store {

using domain::enum_name;

namespace {

/// "SELECT … FROM jobs LEFT JOIN leases … <rest>" of what known_record() reads.
std::string select_known(std::string_view rest) {
  static const std::string columns = "SELECT " + std::string{record_columns} + ", " +
                                     std::string{known_columns} +
                                     " FROM jobs LEFT JOIN leases ON leases.job_row = jobs.row ";
  return columns + std::string{rest};
}

std::optional<std::vector<std::string>> kept_texts(const std::optional<std::vector<std::string>>& texts) {
  if (!texts) return std::nullopt;
  std::vector<std::string> kept;
  for (const auto& text : *texts) kept.push_back(kept_text(text));
  return kept;
}

}  // namespace

std::optional<JobRecord> PostgresJobStore::known_record(const postgres::Result& found) {
  if (found.empty()) return std::nullopt;
  auto record = read_record(found[0]);
  if (auto* const memory = link_.memory()) {
    static const int first = static_cast<int>(std::ranges::count(record_columns, ',')) + 1;
    memory->jobs.insert_or_assign(
        record.row, KnownJob{.status = record.job.status,
                             .token = record.lease ? std::optional{record.lease->token} : std::nullopt,
                             .lease_left = found[0].optional_integer(first),
                             .last_event = found[0].integer(first + 1),
                             .has_approvals = found[0].integer(first + 2) != 0,
                             .has_messages = found[0].integer(first + 3) != 0});
  }
  return record;
}

/// The number of a new job's row. They are fetched by the dozen, so that INSERT need not be waited for. What
/// a sequence has given is given once, whether its transaction is committed or not, but for a crash of the
/// server: it may forget what no commit has made durable. Then the connection is another one.
std::int64_t PostgresJobStore::next_row() {
  constexpr int at_once = 64;
  if (rows_of_connection_ != link_.connection().connects()) rows_.clear();
  if (rows_.empty()) {
    for (const auto row : link_.query("SELECT nextval(pg_get_serial_sequence('jobs', 'row')) "
                                      "FROM generate_series(1, $1::int) ORDER BY 1 DESC",
                                      at_once)) {
      rows_.push_back(row.integer(0));
    }
    rows_of_connection_ = link_.connection().connects();
  }
  const auto row = rows_.back();
  rows_.pop_back();
  return row;
}

std::int64_t PostgresJobStore::insert(const domain::Job& job,
                                      const std::optional<std::string>& idempotency_key) {
  domain::Job kept = job;
  kept.labels = kept_texts(job.labels);
  const auto row = next_row();
  // Behind all that its session has, it is the head when there is nothing; otherwise refresh_head() looks.
  auto* const state = whole();
  const bool is_last = state != nullptr && job.id > state->newest_job_id;
  const auto fresh = std::make_shared<FreshJob>(FreshJob{.session_key = job.session_key});
  link_.later_then(
      [fresh](const postgres::Result& answer) {
        fresh->claimable = answer[0].integer(0) != 0;
        if (fresh->on_answer) fresh->on_answer(*fresh->claimable);
      },
      "INSERT INTO jobs (id, kind, status, prompt, channel, chat_id, requester_id, thread_id, "
      "session_key, requires_approval, metadata, deliver_to, labels, attachments, max_attempts, "
      "created_at, updated_at, idempotency_key, row, claimable) OVERRIDING SYSTEM VALUE "
      "VALUES ($1, $2, $3::text, $4, $5, $6, $7, $8, $9::text, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
      "$19, CASE WHEN $20::int = 1 AND $3::text = 'queued' "
      "AND NOT EXISTS (SELECT 1 FROM jobs WHERE session_key = $9::text AND status = 'queued') "
      "AND NOT EXISTS (SELECT 1 FROM jobs WHERE session_key = $9::text AND status IN ('running', "
      "'aborting')) "
      "THEN 1 ELSE 0 END) RETURNING claimable",
      job.id, enum_name(job.kind), enum_name(job.status), job.prompt, enum_name(job.channel), job.chat_id,
      job.requester_id, job.thread_id, job.session_key, job.requires_approval, metadata_text(job),
      job.deliver_to, labels_text(kept), attachments_text(job), job.max_attempts,
      to_milliseconds(job.created_at), to_milliseconds(job.updated_at), idempotency_key, row, is_last);
  if (auto* const memory = link_.memory()) {
    memory->jobs.insert_or_assign(row, KnownJob{.status = job.status});
    memory->fresh = is_last && job.status == domain::JobStatus::queued ? fresh : nullptr;
    if (is_last) state->newest_job_id = job.id;
  }
  return row;
}

std::optional<JobRecord> PostgresJobStore::find(std::string_view id) {
  static const std::string sql = select_known("WHERE id = $1");
  return known_record(link_.query(sql, id));
}

std::optional<JobRecord> PostgresJobStore::find_by_idempotency_key(std::string_view key) {
  static const std::string sql = select_known("WHERE idempotency_key = $1");
  return known_record(link_.query(sql, key));
}

std::optional<JobRecord> PostgresJobStore::find_by_claim(std::string_view claim_id) {
  static const std::string sql = select_known("WHERE leases.claim_id = $1");
  return known_record(link_.query(sql, claim_id));
}

bool PostgresJobStore::update(const JobRecord& changed, domain::JobStatus expected) {
  static const std::string sql =
      "UPDATE jobs SET status = $1, abort_requested = $2, worker_id = $3, attempt = $4, "
      "result_text = $5, error = $6, usage = $7, updated_at = $8, started_at = $9, "
      "finished_at = $10, claimable = 0, "
      "attachments_due = CASE WHEN $1 = 'aborted' THEN NULL ELSE attachments_due END "
      "WHERE row = $11 AND status = $12 "
      "AND (SELECT token FROM leases WHERE job_row = jobs.row) IS NOT DISTINCT FROM $13";
  const auto& job = changed.job;
  const auto token = changed.lease ? std::optional{changed.lease->token} : std::nullopt;
  const auto with_values = [&](const auto& ask) {
    return ask(sql, enum_name(job.status), job.abort_requested, job.worker_id, job.attempt, job.result_text,
               job.error, usage_text(job), to_milliseconds(job.updated_at), to_milliseconds(job.started_at),
               to_milliseconds(job.finished_at), changed.row, enum_name(expected), token);
  };
  auto* const memory = link_.memory();
  if (memory != nullptr) {
    // It may have been one of those that are counted. No other ceases to be claimable with it, but for a
    // newer one of its session when it joins the queue.
    if (expected == domain::JobStatus::queued && memory->claimable > 0) --memory->claimable;
    if (job.status == domain::JobStatus::queued) memory->claimable = 0;
    memory->fresh.reset();
  }
  auto* const known = link_.known(changed.row);
  if (known == nullptr || known->status != expected || known->token != token) {
    if (memory != nullptr) memory->jobs.erase(changed.row);
    return with_values([this](const auto&... all) { return link_.query(all...); }).changed() == 1;
  }
  // It is as the caller has read it. The statement looks all the same: were it not, nothing of the unit is
  // kept.
  known->status = job.status;
  const auto prove = [id = job.id](const postgres::Result& answer) {
    if (answer.changed() != 1)
      throw StoreFault("the job " + id + " was changed by somebody without the lock");
  };
  with_values([&](const auto&... all) { link_.later_then(prove, all...); });
  return true;
}

}  // namespace butler::store
