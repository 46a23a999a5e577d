#include "domain/describe.hpp"
#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

/// Approvals of the jobs of a scope, bound as chat, requester and kind.
constexpr std::string_view of_scope =
    "FROM approvals JOIN turns ON turns.job_id = approvals.job_id "
    "WHERE (CAST(?1 AS bigint) IS NULL OR chat_id = ?1) "
    "AND (CAST(?2 AS bigint) IS NULL OR requester_id = ?2) "
    "AND (CAST(?3 AS text) IS NULL OR kind = ?3) ";

constexpr std::string_view columns = "approval_id, approvals.job_id, summary, asked_at, over ";

std::string select(std::string_view from, std::string_view rest) {
  return std::string{"SELECT "}.append(columns).append(from).append(rest);
}

std::optional<std::string_view> name_of(const std::optional<domain::JobKind>& kind) {
  if (!kind) return std::nullopt;
  return domain::enum_name(*kind);
}

std::vector<AskedApproval> read_asked(sql::Statement& row) {
  std::vector<AskedApproval> approvals;
  while (row.step()) {
    approvals.push_back({.id = row.string(0),
                         .job_id = row.string(1),
                         .summary = row.string(2),
                         .asked_at = to_timestamp(row.integer(3)),
                         .over = row.integer(4) != 0});
  }
  return approvals;
}

}  // namespace

bool SqlGatewayStore::add_approval(const AskedApproval& approval, const std::vector<ApprovalPlace>& places) {
  bool added = false;
  std::optional<std::int64_t> over_at;
  if (approval.over) over_at = to_milliseconds(approval.asked_at);
  change([&] {
    added = database_
                .prepared(
                    "INSERT INTO approvals (approval_id, job_id, summary, over, asked_at, over_at) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(approval.id, approval.job_id, approval.summary, approval.over,
                      to_milliseconds(approval.asked_at), over_at)
                .run() == 1;
    if (!added) return;
    for (const ApprovalPlace& place : places) {
      database_
          .prepared(
              "INSERT INTO approval_places (approval_id, chat_id, thread_id, source, asks) "
              "VALUES (?, ?, ?, ?, ?)")
          .bind(approval.id, place.lane.chat_id, place.lane.thread_id, place.source, place.asks)
          .run();
    }
  });
  return added;
}

bool SqlGatewayStore::end_approval(const std::string& approval_id, Timestamp now) {
  bool ended = false;
  change([&] {
    ended =
        database_.prepared("UPDATE approvals SET over = 1, over_at = ? WHERE approval_id = ? AND over = 0")
            .bind(to_milliseconds(now), approval_id)
            .run() == 1;
  });
  return ended;
}

std::optional<AskedApproval> SqlGatewayStore::approval(const std::string& approval_id) {
  static const std::string sql = select("FROM approvals ", "WHERE approval_id = ?");
  auto found = read_asked(database_.prepared(sql).bind(approval_id));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<ApprovalPlace> SqlGatewayStore::approval_places(const std::string& approval_id) {
  std::vector<ApprovalPlace> places;
  auto& row = database_
                  .prepared(
                      "SELECT chat_id, thread_id, source, asks FROM approval_places WHERE approval_id = ? "
                      "ORDER BY asks, chat_id")
                  .bind(approval_id);
  while (row.step()) {
    places.push_back({.lane = {row.integer(0), row.optional_integer(1)},
                      .source = row.string(2),
                      .asks = row.integer(3) != 0});
  }
  return places;
}

std::vector<AskedApproval> SqlGatewayStore::approvals(const JobScope& scope, std::size_t limit) {
  static const std::string sql = select(of_scope, "ORDER BY asked_at DESC, approval_id DESC LIMIT ?4");
  return read_asked(
      database_.prepared(sql).bind(scope.chat_id, scope.requester_id, name_of(scope.kind), limit));
}

std::vector<AskedApproval> SqlGatewayStore::waiting_approvals(const JobScope& scope) {
  static const std::string sql = select(of_scope, "AND over = 0 ORDER BY asked_at, approval_id");
  return read_asked(database_.prepared(sql).bind(scope.chat_id, scope.requester_id, name_of(scope.kind)));
}

std::vector<AskedApproval> SqlGatewayStore::waiting_approvals_of(const std::string& job_id) {
  static const std::string sql =
      select("FROM approvals ", "WHERE job_id = ? AND over = 0 ORDER BY asked_at, approval_id");
  return read_asked(database_.prepared(sql).bind(job_id));
}

void SqlGatewayStore::note_approval_command(const ApprovalCommand& command) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO approval_commands (bot_id, update_id, approval_id, person_id, person_name) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (bot_id, update_id) DO UPDATE SET "
            "approval_id = excluded.approval_id, person_id = excluded.person_id, "
            "person_name = excluded.person_name")
        .bind(bot_id_, command.update_id, command.approval_id, command.person_id, command.person_name)
        .run();
  });
}

std::optional<ApprovalCommand> SqlGatewayStore::approval_command(std::int64_t update_id) {
  auto& statement = database_
                        .prepared(
                            "SELECT update_id, approval_id, person_id, person_name FROM approval_commands "
                            "WHERE bot_id = ? AND update_id = ?")
                        .bind(bot_id_, update_id);
  std::optional<ApprovalCommand> command;
  if (statement.step()) {
    command = ApprovalCommand{.update_id = statement.integer(0),
                              .approval_id = statement.string(1),
                              .person_id = statement.integer(2),
                              .person_name = statement.string(3)};
  }
  statement.reset();
  return command;
}

std::optional<std::string> SqlGatewayStore::decider_name(const std::string& approval_id,
                                                         std::int64_t person_id) {
  auto& statement = database_
                        .prepared(
                            "SELECT person_name FROM approval_commands WHERE approval_id = ? "
                            "AND person_id = ? ORDER BY update_id DESC LIMIT 1")
                        .bind(approval_id, person_id);
  std::optional<std::string> name;
  if (statement.step()) name = statement.string(0);
  statement.reset();
  return name;
}

}  // namespace butler::gateway
