#include "api/describe.hpp"
#include "store/rows.hpp"
#include "store/sqlite_approvals.hpp"

// Decisions that answer more than one call.
namespace butler::store {

using domain::enum_name;

namespace {

std::vector<api::StandingDecision> all_standing(sqlite::Statement& statement) {
  std::vector<api::StandingDecision> decisions;
  while (statement.step()) decisions.push_back(read_standing(statement));
  return decisions;
}

}  // namespace

std::int64_t SqliteApprovals::put_standing(const api::StandingDecision& decision) {
  database_
      .prepared(
          "DELETE FROM standing_decisions WHERE payload_hash = ? AND requester_id = ? AND session_key IS ?")
      .bind(decision.payload_hash, decision.requester_id, decision.session_key)
      .run();
  database_
      .prepared(
          "INSERT INTO standing_decisions (decision, payload_hash, requester_id, session_key, tool_name, "
          "summary, decider_id, created_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)")
      .bind(enum_name(decision.decision), decision.payload_hash, decision.requester_id, decision.session_key,
            decision.tool_name, decision.summary, decision.decider_id, to_milliseconds(decision.created_at))
      .run();
  return database_.last_insert_row();
}

std::vector<api::StandingDecision> SqliteApprovals::find_standing(std::string_view payload_hash,
                                                                  std::string_view requester_id,
                                                                  std::string_view session_key) {
  static const std::string sql = select_standing(
      "WHERE payload_hash = ? AND requester_id = ? AND (session_key IS NULL OR session_key = ?) "
      "ORDER BY decision = 'deny' DESC, session_key IS NULL, id");
  return all_standing(database_.prepared(sql).bind(payload_hash, requester_id, session_key));
}

std::vector<api::StandingDecision> SqliteApprovals::standing(std::size_t limit) {
  static const std::string sql = select_standing("ORDER BY id DESC LIMIT ?");
  return all_standing(database_.prepared(sql).bind(limit));
}

void SqliteApprovals::count_use(std::int64_t id, domain::Timestamp now) {
  database_.prepared("UPDATE standing_decisions SET used = used + 1, used_at = ? WHERE id = ?")
      .bind(to_milliseconds(now), id)
      .run();
}

std::optional<api::StandingDecision> SqliteApprovals::remove_standing(std::int64_t id) {
  static const std::string sql = select_standing("WHERE id = ?");
  auto found = all_standing(database_.prepared(sql).bind(id));
  if (found.empty()) return std::nullopt;
  database_.prepared("DELETE FROM standing_decisions WHERE id = ?").bind(id).run();
  return std::move(found.front());
}

std::int64_t SqliteApprovals::remove_unused_standing(domain::Timestamp before, std::size_t most) {
  return database_
      .prepared(
          "DELETE FROM standing_decisions WHERE id IN (SELECT id FROM standing_decisions "
          "INDEXED BY standing_decisions_of_sessions WHERE session_key IS NOT NULL AND used_at < ? LIMIT ?)")
      .bind(to_milliseconds(before), most)
      .run();
}

}  // namespace butler::store
