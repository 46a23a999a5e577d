#include <algorithm>

#include "domain/describe.hpp"
#include "postgres/array.hpp"
#include "store/postgres_job_store.hpp"
#include "store/rows.hpp"

// What can be claimed, by whom, and the leases.
namespace butler::store {

using domain::enum_name;

namespace {

std::optional<std::string> names_of(const std::optional<std::vector<domain::JobKind>>& kinds) {
  if (!kinds) return std::nullopt;
  postgres::Array names;
  for (const auto kind : *kinds) names.add(enum_name(kind));
  return names.text();
}

std::string texts_of(const std::vector<std::string>& texts) {
  postgres::Array array;
  for (const auto& text : texts) array.add(kept_text(text));
  return array.text();
}

}  // namespace

std::optional<JobRecord> PostgresJobStore::oldest_claimable(const ClaimFilter& filter) {
  // No time predicate, for the index's sake. A job that somebody else is claiming now is passed over.
  static const std::string sql =
      "SELECT " + std::string{record_columns} + ", " + std::string{known_columns} +
      " FROM jobs LEFT JOIN leases ON leases.job_row = jobs.row"
      " LEFT JOIN sessions ON sessions.session_key = jobs.session_key"
      " WHERE claimable = 1 AND ($1::text IS NULL OR sessions.store IS NULL OR sessions.store = $1)"
      " AND ($2::text[] IS NULL OR kind = ANY ($2::text[]))"
      " AND (labels IS NULL OR ARRAY(SELECT jsonb_array_elements_text(labels::jsonb)) <@ $3::text[])"
      " ORDER BY id LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED";
  return known_record(
      link_.query(sql, filter.session_store, names_of(filter.kinds), texts_of(filter.labels)));
}

bool PostgresJobStore::has_claimable() {
  // Asked once for each that waits for a job: some are counted at a time.
  constexpr int at_once = 32;
  auto* const memory = link_.memory();
  if (memory != nullptr && memory->claimable > 0) return true;
  const auto count = link_.query("SELECT 1 FROM jobs WHERE claimable = 1 LIMIT $1", at_once).size();
  if (memory != nullptr) memory->claimable = count;
  return count > 0;
}

void PostgresJobStore::put_lease(std::int64_t row, const Lease& lease) {
  std::optional<std::int64_t> runs_for;
  if (auto* const job = link_.known(row); job != nullptr) {
    if (!job->token) runs_for = std::exchange(job->new_lease_for, std::nullopt);
    if (runs_for) job->lease_left = runs_for;
    job->token = lease.token;
  }
  link_.later(
      "INSERT INTO leases (job_row, token, worker_id, since, claim_id, token_presented, "
      "accepted_without_token, had_activity, last_batch, next_claim_id, open_tool_calls, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce("
      "(extract(epoch FROM clock_timestamp()) * 1000)::bigint + $12::bigint + $12::bigint / 4, 0)) "
      "ON CONFLICT (job_row) DO UPDATE SET token = excluded.token, worker_id = excluded.worker_id, "
      "since = excluded.since, claim_id = excluded.claim_id, token_presented = excluded.token_presented, "
      "accepted_without_token = excluded.accepted_without_token, had_activity = excluded.had_activity, "
      "last_batch = excluded.last_batch, next_claim_id = excluded.next_claim_id, "
      "open_tool_calls = excluded.open_tool_calls, "
      "expires_at = greatest(leases.expires_at, excluded.expires_at)",
      row, lease.token, lease.worker_id, to_milliseconds(lease.since), lease.claim_id, lease.token_presented,
      lease.accepted_without_token, lease.had_activity, lease.last_batch, lease.next_claim_id,
      open_tool_calls_text(lease), runs_for);
}

void PostgresJobStore::remove_lease(std::int64_t row) {
  if (auto* const job = link_.known(row); job != nullptr) {
    job->token.reset();
    job->lease_left.reset();
  }
  link_.later("DELETE FROM leases WHERE job_row = $1", row);
}

bool PostgresJobStore::refresh_head(std::string_view session_key) {
  bool any = false;
  refresh_head_then(session_key, [&any] { any = true; });
  link_.flush();
  return any;
}

void PostgresJobStore::refresh_head_then(std::string_view session_key,
                                         const std::function<void()>& claimable) {
  auto* const memory = link_.memory();
  if (memory != nullptr && memory->fresh && memory->fresh->session_key == session_key) {
    // The INSERT of its last job has looked already, or will have.
    const auto job = std::exchange(memory->fresh, nullptr);
    job->on_answer = [this, claimable](bool is_head) {
      if (!is_head) return;
      if (auto* const counted = link_.memory(); counted != nullptr) ++counted->claimable;
      claimable();
    };
    if (job->claimable) job->on_answer(*job->claimable);
    return;
  }
  // An approved job can be older than the head that was there: the newer one steps back. One that waits for
  // its attachments holds back those behind it.
  link_.later_then(
      [this, claimable](const postgres::Result& head) {
        if (head.empty() || head[0].integer(0) != 0) return;
        if (auto* const counted = link_.memory(); counted != nullptr) {
          counted->claimable = std::max<std::int64_t>(counted->claimable, 1);
        }
        claimable();
      },
      "WITH first AS (SELECT row, id, attachments_due FROM jobs WHERE session_key = $1 AND status = 'queued' "
      "ORDER BY id LIMIT 2), "
      "head AS (SELECT row, attachments_due IS NOT NULL AS waits FROM first WHERE NOT EXISTS "
      "(SELECT 1 FROM jobs AS busy WHERE busy.session_key = $1 AND busy.status IN ('running', 'aborting')) "
      "ORDER BY id LIMIT 1), "
      "next AS (SELECT first.row, CASE WHEN first.row = head.row AND NOT head.waits THEN 1 ELSE 0 END AS "
      "claimable FROM first, head), "
      "changed AS (UPDATE jobs SET claimable = next.claimable FROM next WHERE jobs.row = next.row "
      "AND jobs.claimable <> next.claimable) "
      "SELECT waits::int FROM head",
      session_key);
}

std::optional<std::string> PostgresJobStore::session_store(std::string_view session_key) {
  const auto found = link_.query("SELECT store FROM sessions WHERE session_key = $1", session_key);
  return found.empty() ? std::nullopt : std::optional{found[0].string(0)};
}

std::string PostgresJobStore::newest_job_id() {
  if (const auto* const known = whole()) return known->newest_job_id;
  return link_.query("SELECT coalesce(max(id), '') FROM jobs")[0].string(0);
}

std::vector<JobRecord> PostgresJobStore::claimable_elsewhere(const std::vector<std::string>& seen) {
  static const std::string sql =
      "SELECT " + std::string{record_columns} +
      " FROM jobs LEFT JOIN leases ON leases.job_row = jobs.row"
      " JOIN sessions ON sessions.session_key = jobs.session_key"
      " WHERE claimable = 1 AND sessions.store <> ALL ($1::text[]) ORDER BY id LIMIT 100";
  std::vector<JobRecord> records;
  for (const auto row : link_.query(sql, texts_of(seen))) records.push_back(read_record(row));
  return records;
}

}  // namespace butler::store
