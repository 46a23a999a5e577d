#include "api/describe.hpp"
#include "store/postgres_approvals.hpp"
#include "store/rows.hpp"

// Decisions that answer more than one call.
namespace butler::store {

using domain::enum_name;

namespace {

std::vector<api::StandingDecision> all_decisions(const postgres::Result& result) {
  std::vector<api::StandingDecision> decisions;
  for (const auto row : result) decisions.push_back(read_standing(row));
  return decisions;
}

}  // namespace

std::int64_t PostgresApprovals::put_standing(const api::StandingDecision& decision) {
  link_.later(
      "DELETE FROM standing_decisions WHERE payload_hash = $1 AND requester_id = $2 "
      "AND session_key IS NOT DISTINCT FROM $3",
      decision.payload_hash, decision.requester_id, decision.session_key);
  return link_
      .query(
          "INSERT INTO standing_decisions (decision, payload_hash, requester_id, session_key, tool_name, "
          "summary, decider_id, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) "
          "RETURNING id",
          enum_name(decision.decision), decision.payload_hash, decision.requester_id, decision.session_key,
          decision.tool_name, decision.summary, decision.decider_id, to_milliseconds(decision.created_at))[0]
      .integer(0);
}

std::vector<api::StandingDecision> PostgresApprovals::find_standing(std::string_view payload_hash,
                                                                    std::string_view requester_id,
                                                                    std::string_view session_key) {
  static const std::string sql = select_standing(
      "WHERE payload_hash = $1 AND requester_id = $2 AND (session_key IS NULL OR session_key = $3) "
      "ORDER BY decision = 'deny' DESC, session_key IS NULL, id");
  return all_decisions(link_.query(sql, payload_hash, requester_id, session_key));
}

std::vector<api::StandingDecision> PostgresApprovals::standing(std::size_t limit) {
  static const std::string sql = select_standing("ORDER BY id DESC LIMIT $1");
  return all_decisions(link_.query(sql, limit));
}

void PostgresApprovals::count_use(std::int64_t id, domain::Timestamp now) {
  link_.later("UPDATE standing_decisions SET used = used + 1, used_at = $1 WHERE id = $2",
              to_milliseconds(now), id);
}

std::optional<api::StandingDecision> PostgresApprovals::remove_standing(std::int64_t id) {
  static const std::string sql = select_standing("WHERE id = $1 FOR UPDATE");
  auto found = all_decisions(link_.query(sql, id));
  if (found.empty()) return std::nullopt;
  link_.later("DELETE FROM standing_decisions WHERE id = $1", id);
  return std::move(found.front());
}

std::int64_t PostgresApprovals::remove_unused_standing(domain::Timestamp before, std::size_t most) {
  return link_
      .query(
          "DELETE FROM standing_decisions WHERE id IN (SELECT id FROM standing_decisions "
          "WHERE session_key IS NOT NULL AND used_at < $1 LIMIT $2)",
          to_milliseconds(before), most)
      .changed();
}

}  // namespace butler::store
