#include "domain/enum_name.hpp"
#include "gateway/describe.hpp"
#include "gateway/media_describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

/// Seven columns, from `first` on: number, name, file_id, kind, file_name, mime_type, size, seconds,
/// is_sticker.
constexpr std::string_view file_columns =
    "number, name, file_id, turn_files.kind, file_name, mime_type, size, seconds, is_sticker";

TurnFile read_file(const sql::Statement& row, int first) {
  return {.number = static_cast<std::size_t>(row.integer(first)),
          .name = row.string(first + 1),
          .file = {.file_id = row.string(first + 2),
                   .kind = stored_enum<FileKind>(row.text(first + 3)),
                   .file_name = row.string(first + 4),
                   .mime_type = row.string(first + 5),
                   .size = row.integer(first + 6),
                   .seconds = row.optional_integer(first + 7),
                   .is_sticker = row.integer(first + 8) != 0}};
}

std::string select_files(std::string_view before, std::string_view after) {
  return "SELECT " + std::string{before}.append(file_columns).append(" ").append(after);
}

}  // namespace

void SqlGatewayStore::add_turn_files(std::int64_t turn_id, const std::vector<TurnFile>& files) {
  if (files.empty()) return;
  change([&] {
    for (const auto& [number, name, file] : files) {
      database_
          .prepared(
              "INSERT INTO turn_files (turn_id, number, name, file_id, kind, file_name, mime_type, size, "
              "seconds, is_sticker) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(turn_id, number, name, file.file_id, domain::enum_name(file.kind), file.file_name,
                file.mime_type, file.size, file.seconds, file.is_sticker)
          .run();
    }
  });
}

std::vector<TurnFile> SqlGatewayStore::turn_files(std::int64_t turn_id) {
  static const std::string sql = select_files("", "FROM turn_files WHERE turn_id = ? ORDER BY number");
  std::vector<TurnFile> files;
  auto& statement = database_.prepared(sql).bind(turn_id);
  while (statement.step()) files.push_back(read_file(statement, 0));
  return files;
}

std::vector<WaitingFile> SqlGatewayStore::waiting_files(std::size_t limit) {
  static const std::string sql =
      select_files("turn_id, job_id, chat_id, thread_id, requester_id, message_id, ",
                   "FROM turn_files JOIN turns ON turns.id = turn_id WHERE turn_files.state = 'waiting' "
                   "AND job_id IS NOT NULL ORDER BY turn_id, number LIMIT ?");
  std::vector<WaitingFile> files;
  auto& statement = database_.prepared(sql).bind(limit);
  while (statement.step()) {
    files.push_back({.turn_id = statement.integer(0),
                     .job_id = statement.string(1),
                     .lane = {statement.integer(2), statement.optional_integer(3)},
                     .requester_id = statement.integer(4),
                     .message_id = statement.integer(5),
                     .turn_file = read_file(statement, 6)});
  }
  return files;
}

/// A file whose turn was replaced meanwhile belongs to another turn, and waits there.
void SqlGatewayStore::end_file(std::int64_t turn_id, std::size_t number, FileState state,
                               std::string_view problem) {
  std::optional<std::string_view> told;
  if (!problem.empty()) told = problem;
  change([&] {
    database_
        .prepared(
            "UPDATE turn_files SET state = ?, problem = ? "
            "WHERE turn_id = ? AND number = ? AND state = 'waiting'")
        .bind(domain::enum_name(state), told, turn_id, number)
        .run();
  });
}

void SqlGatewayStore::add_file_check(const FileCheck& check) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO file_checks (job_id, chat_id, thread_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(check.job_id, check.lane.chat_id, check.lane.thread_id)
        .run();
  });
}

std::optional<FileCheck> SqlGatewayStore::first_file_check() {
  std::optional<FileCheck> check;
  auto& statement =
      database_.prepared("SELECT job_id, chat_id, thread_id FROM file_checks ORDER BY id LIMIT 1").bind();
  if (statement.step()) {
    check = FileCheck{.job_id = statement.string(0),
                      .lane = {statement.integer(1), statement.optional_integer(2)}};
  }
  statement.reset();
  return check;
}

void SqlGatewayStore::end_file_check(const std::string& job_id) {
  change([&] { database_.prepared("DELETE FROM file_checks WHERE job_id = ?").bind(job_id).run(); });
}

}  // namespace butler::gateway
