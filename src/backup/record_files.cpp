#include "backup/record_files.hpp"

#include <array>

#include "domain/timestamp.hpp"

namespace butler::backup {

namespace {

constexpr std::size_t keys = 2;
constexpr int rows_of_a_page = 500;

constexpr std::array job_columns{RecordColumn{"id", "id"},
                                 RecordColumn{"kind", "kind"},
                                 RecordColumn{"status", "status"},
                                 RecordColumn{"prompt", "prompt"},
                                 RecordColumn{"channel", "channel"},
                                 RecordColumn{"chatId", "chat_id"},
                                 RecordColumn{"requesterId", "requester_id"},
                                 RecordColumn{"threadId", "thread_id"},
                                 RecordColumn{"sessionKey", "session_key"},
                                 RecordColumn{"requiresApproval", "requires_approval", Cell::flag},
                                 RecordColumn{"metadata", "metadata", Cell::json},
                                 RecordColumn{"deliverTo", "deliver_to"},
                                 RecordColumn{"labels", "labels", Cell::json},
                                 RecordColumn{"attachments", "attachments", Cell::json},
                                 RecordColumn{"abortRequested", "abort_requested", Cell::flag},
                                 RecordColumn{"workerId", "worker_id"},
                                 RecordColumn{"attempt", "attempt"},
                                 RecordColumn{"createdAt", "created_at", Cell::time},
                                 RecordColumn{"updatedAt", "updated_at", Cell::time},
                                 RecordColumn{"startedAt", "started_at", Cell::time},
                                 RecordColumn{"finishedAt", "finished_at", Cell::time}};
constexpr std::array result_columns{RecordColumn{"jobId", "id"},
                                    RecordColumn{"status", "status"},
                                    RecordColumn{"resultText", "result_text"},
                                    RecordColumn{"error", "error"},
                                    RecordColumn{"usage", "usage", Cell::json},
                                    RecordColumn{"finishedAt", "finished_at", Cell::time}};
constexpr std::array event_columns{
    RecordColumn{"jobId", "jobs.id"},     RecordColumn{"seq", "r.seq"},
    RecordColumn{"type", "r.type"},       RecordColumn{"ts", "r.ts", Cell::time},
    RecordColumn{"message", "r.message"}, RecordColumn{"data", "r.data", Cell::json}};
constexpr std::array message_columns{RecordColumn{"jobId", "jobs.id"},
                                     RecordColumn{"seq", "r.seq"},
                                     RecordColumn{"mode", "r.mode"},
                                     RecordColumn{"text", "r.text"},
                                     RecordColumn{"acknowledged", "r.acknowledged", Cell::flag},
                                     RecordColumn{"createdAt", "r.created_at", Cell::time}};
constexpr std::array approval_columns{RecordColumn{"id", "r.id"},
                                      RecordColumn{"jobId", "jobs.id"},
                                      RecordColumn{"toolCallId", "r.tool_call_id"},
                                      RecordColumn{"toolName", "r.tool_name"},
                                      RecordColumn{"summary", "r.summary"},
                                      RecordColumn{"input", "r.input", Cell::json},
                                      RecordColumn{"risk", "r.risk"},
                                      RecordColumn{"payloadHash", "r.payload_hash"},
                                      RecordColumn{"cwd", "r.cwd"},
                                      RecordColumn{"sandboxProfile", "r.sandbox_profile"},
                                      RecordColumn{"status", "r.status"},
                                      RecordColumn{"scope", "r.scope"},
                                      RecordColumn{"reason", "r.reason"},
                                      RecordColumn{"deciderId", "r.decider_id"},
                                      RecordColumn{"createdAt", "r.created_at", Cell::time},
                                      RecordColumn{"expiresAt", "r.expires_at", Cell::time},
                                      RecordColumn{"decidedAt", "r.decided_at", Cell::time}};
constexpr std::array artifact_columns{RecordColumn{"jobId", "jobs.id"},
                                      RecordColumn{"name", "r.name"},
                                      RecordColumn{"size", "r.size"},
                                      RecordColumn{"sha256", "r.sha256"},
                                      RecordColumn{"contentType", "r.content_type"},
                                      RecordColumn{"kind", "r.kind"},
                                      RecordColumn{"caption", "r.caption"},
                                      RecordColumn{"source", "r.source"},
                                      RecordColumn{"createdAt", "r.created_at", Cell::time}};

constexpr std::array orchestrator_files{
    RecordFile{"jobs.jsonl", "jobs", "row", "0", job_columns},
    RecordFile{"results.jsonl", "jobs", "finished_at", "row", result_columns},
    RecordFile{"events.jsonl", "events r JOIN jobs ON jobs.row = r.job_row", "r.job_row", "r.seq",
               event_columns},
    RecordFile{"messages.jsonl", "messages r JOIN jobs ON jobs.row = r.job_row", "r.job_row", "r.seq",
               message_columns},
    RecordFile{"approvals.jsonl", "approvals r JOIN jobs ON jobs.row = r.job_row", "r.row", "0",
               approval_columns},
    RecordFile{"artifacts.jsonl", "artifacts r JOIN jobs ON jobs.row = r.job_row", "r.row", "0",
               artifact_columns}};

constexpr std::array people_columns{
    RecordColumn{"personId", "person_id"}, RecordColumn{"firstName", "first_name"},
    RecordColumn{"username", "username"}, RecordColumn{"pairedBy", "paired_by"},
    RecordColumn{"since", "since", Cell::time}};
constexpr std::array session_columns{
    RecordColumn{"routeKey", "route_key"}, RecordColumn{"generation", "generation"},
    RecordColumn{"sessionKey", "session_key"}, RecordColumn{"updatedAt", "updated_at", Cell::time}};

constexpr std::array gateway_files{
    RecordFile{"people.jsonl", "people", "person_id", "0", people_columns},
    RecordFile{"sessions.jsonl", "sessions", "route_key", "0", session_columns}};

/// A key that was read as SQL reads it: a number, or text in quotes.
std::string literal(const json::Value& key) {
  if (!key.is_string()) return json::serialize(key);
  std::string quoted = "'";
  for (const char c : key.get_string()) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

json::Value to_cell(Cell cell, const json::Value& value) {
  if (value.is_null()) return nullptr;
  switch (cell) {
    case Cell::plain: return value;
    case Cell::flag: return value.is_number() ? value.to_number<std::int64_t>() != 0 : value;
    case Cell::time:
      return value.is_number()
                 ? json::Value(domain::to_iso8601(domain::to_timestamp(value.to_number<std::int64_t>())))
                 : value;
    case Cell::json: {
      if (!value.is_string()) return value;
      auto inner = json::parse(std::string_view{value.get_string()});
      return inner ? *std::move(inner) : value;  // what is no JSON is told as the text that it is
    }
  }
  return value;
}

}  // namespace

std::span<const RecordFile> orchestrator_record_files() { return orchestrator_files; }
std::span<const RecordFile> gateway_record_files() { return gateway_files; }

std::string page_sql(const RecordFile& file, std::string_view make_array, const json::Value& after) {
  const std::string both = std::string{file.first_key} + ", " + std::string{file.second_key};
  std::string sql = "SELECT " + std::string{make_array} + "(" + both;
  for (const auto& column : file.columns) sql += ", " + std::string{column.expression};
  sql += ") FROM " + std::string{file.tables} + " WHERE " + std::string{file.first_key} + " IS NOT NULL";
  if (after.is_array()) {
    const auto& row = after.get_array();
    sql += " AND (" + both + ") > (" + literal(row.at(0)) + ", " + literal(row.at(1)) + ")";
  }
  return sql + " ORDER BY " + std::string{file.first_key} +
         (file.second_key == "0" ? "" : ", " + std::string{file.second_key}) + " LIMIT " +
         std::to_string(rows_of_a_page);
}

json::Object to_record(const RecordFile& file, const json::Array& row) {
  json::Object record;
  for (std::size_t at = 0; at < file.columns.size(); ++at) {
    auto value = to_cell(file.columns[at].cell, row.at(keys + at));
    if (!value.is_null()) record[file.columns[at].name] = std::move(value);
  }
  return record;
}

}  // namespace butler::backup
