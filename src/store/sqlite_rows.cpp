#include "store/sqlite_rows.hpp"

#include <stdexcept>

#include "domain/describe.hpp"
#include "json/codec.hpp"

namespace butler::store {

namespace {

/// Reads the columns of a row one after the other.
class Columns {
 public:
  explicit Columns(const sqlite::Statement& statement) : statement_(statement) {}

  std::int64_t integer() { return statement_.integer(next_++); }
  bool flag() { return integer() != 0; }
  std::string string() { return statement_.string(next_++); }
  std::optional<std::string> optional_string() { return statement_.optional_string(next_++); }
  domain::Timestamp time() { return to_timestamp(integer()); }
  std::optional<domain::Timestamp> optional_time() {
    const auto value = statement_.optional_integer(next_++);
    return value ? std::optional{to_timestamp(*value)} : std::nullopt;
  }
  template <class Enum>
  Enum name() {
    return name_in<Enum>(statement_.text(next_++));
  }
  template <class T>
  std::optional<T> json() {
    const auto text = optional_string();
    if (!text) return std::nullopt;
    const auto value = json::parse(*text);
    if (!value) throw std::runtime_error("the database holds broken JSON: " + value.error());
    auto decoded = json::decode<T>(*value);
    if (!decoded) throw std::runtime_error("the database holds unexpected JSON: " + *text);
    return *std::move(decoded);
  }

 private:
  const sqlite::Statement& statement_;
  int next_ = 0;
};

template <class T>
std::optional<std::string> to_text(const std::optional<T>& value) {
  return value ? std::optional{json::serialize(json::encode(*value))} : std::nullopt;
}

}  // namespace

std::string select_records(std::string_view rest) {
  std::string sql = "SELECT ";
  sql.append(record_columns);
  sql.append(" FROM jobs LEFT JOIN leases ON leases.job_row = jobs.row ");
  sql.append(rest);
  return sql;
}

JobRecord read_record(const sqlite::Statement& statement) {
  Columns columns(statement);
  JobRecord record;
  auto& job = record.job;
  record.row = columns.integer();
  job.id = columns.string();
  job.kind = columns.name<domain::JobKind>();
  job.status = columns.name<domain::JobStatus>();
  job.prompt = columns.string();
  job.channel = columns.name<domain::Channel>();
  job.chat_id = columns.string();
  job.requester_id = columns.string();
  job.thread_id = columns.optional_string();
  job.session_key = columns.string();
  job.requires_approval = columns.flag();
  job.metadata = columns.json<std::map<std::string, std::string>>();
  job.deliver_to = columns.optional_string();
  job.labels = columns.json<std::vector<std::string>>();
  job.abort_requested = columns.flag();
  job.worker_id = columns.optional_string();
  job.attempt = columns.integer();
  job.max_attempts = columns.integer();
  job.result_text = columns.optional_string();
  job.error = columns.optional_string();
  job.usage = columns.json<domain::Usage>();
  job.created_at = columns.time();
  job.updated_at = columns.time();
  job.started_at = columns.optional_time();
  job.finished_at = columns.optional_time();

  auto token = columns.optional_string();
  if (!token) return record;
  Lease lease;
  lease.token = *std::move(token);
  lease.worker_id = columns.string();
  lease.since = columns.time();
  lease.claim_id = columns.optional_string();
  lease.token_presented = columns.flag();
  lease.accepted_without_token = columns.flag();
  lease.had_activity = columns.flag();
  lease.last_batch = columns.integer();
  lease.open_tool_calls = columns.json<std::vector<std::string>>().value();
  lease.next_claim_id = columns.optional_string();
  record.lease = std::move(lease);
  return record;
}

std::string open_tool_calls_text(const Lease& lease) {
  return json::serialize(json::encode(lease.open_tool_calls));
}
std::optional<std::string> metadata_text(const domain::Job& job) { return to_text(job.metadata); }
std::optional<std::string> labels_text(const domain::Job& job) { return to_text(job.labels); }
std::optional<std::string> usage_text(const domain::Job& job) { return to_text(job.usage); }

std::optional<std::int64_t> to_milliseconds(const std::optional<domain::Timestamp>& time) {
  return time ? std::optional{to_milliseconds(*time)} : std::nullopt;
}

}  // namespace butler::store
