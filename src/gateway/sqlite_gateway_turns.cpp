#include "domain/describe.hpp"
#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sqlite_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::enum_name;
using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

constexpr std::string_view turn_columns =
    "SELECT id, idempotency_key, chat_id, thread_id, requester_id, message_id, kind, body, state, job_id, "
    "denied, created_at, told_state, due_at, parts, part_sent_at, part_units "
    "FROM turns LEFT JOIN open_texts ON turn_id = id ";

Turn read_turn(const sqlite::Statement& row) {
  Turn turn;
  turn.id = row.integer(0);
  turn.idempotency_key = row.string(1);
  turn.lane = {row.integer(2), row.optional_integer(3)};
  turn.requester_id = row.integer(4);
  turn.message_id = row.integer(5);
  turn.kind = stored_enum<domain::JobKind>(row.text(6));
  turn.body = row.string(7);
  turn.state = stored_enum<TurnState>(row.text(8));
  turn.job_id = row.optional_string(9);
  turn.denied = row.integer(10) != 0;
  turn.created_at = to_timestamp(row.integer(11));
  turn.told_state = row.integer(12) != 0;
  if (const auto due_at = row.optional_integer(13)) {
    turn.open_text = OpenText{.due_at = to_timestamp(*due_at),
                              .parts = row.integer(14),
                              .part_sent_at = to_timestamp(row.integer(15)),
                              .part_units = row.integer(16)};
  }
  return turn;
}

std::optional<Turn> read_one_turn(sqlite::Statement& bound) {
  std::optional<Turn> turn;
  if (bound.step()) turn = read_turn(bound);
  bound.reset();
  return turn;
}

std::vector<Turn> read_turns(sqlite::Statement& bound) {
  std::vector<Turn> turns;
  while (bound.step()) turns.push_back(read_turn(bound));
  return turns;
}

std::string select_turns(std::string_view rest) { return std::string{turn_columns}.append(rest); }

}  // namespace

std::int64_t SqliteGatewayStore::add_turn(const NewTurn& turn, const std::vector<std::int64_t>& update_ids,
                                          Timestamp now) {
  std::int64_t turn_id = 0;
  std::optional<std::int64_t> sent_at;
  if (turn.sent_at) sent_at = to_milliseconds(*turn.sent_at);
  change([&] {
    database_
        .prepared(
            "INSERT INTO turns (idempotency_key, chat_id, thread_id, requester_id, message_id, kind, body, "
            "state, sent_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'stored', ?, ?, ?)")
        .bind(turn.idempotency_key, turn.lane.chat_id, turn.lane.thread_id, turn.requester_id,
              turn.message_id, enum_name(turn.kind), turn.body, sent_at, to_milliseconds(now),
              to_milliseconds(now))
        .run();
    turn_id = database_.last_insert_row();
    for (const std::int64_t update_id : update_ids) tie_update(update_id, turn_id);
  });
  return turn_id;
}

void SqliteGatewayStore::tie_update(std::int64_t update_id, std::int64_t turn_id) {
  change_row("update of a turn", database_
                                     .prepared("UPDATE inbox SET state = 'in_turn', turn_id = ?1, "
                                               "chat_id = (SELECT chat_id FROM turns WHERE id = ?1) "
                                               "WHERE bot_id = ?2 AND update_id = ?3")
                                     .bind(turn_id, bot_id_, update_id));
}

std::optional<Turn> SqliteGatewayStore::first_stored_turn(Lane lane) {
  static const std::string sql =
      select_turns("WHERE chat_id = ? AND thread_id IS ? AND state = 'stored' ORDER BY id LIMIT 1");
  auto turn = read_one_turn(database_.prepared(sql).bind(lane.chat_id, lane.thread_id));
  if (turn && turn->open_text) return std::nullopt;
  return turn;
}

std::vector<Lane> SqliteGatewayStore::lanes_with_stored_turns() {
  std::vector<Lane> lanes;
  auto& statement =
      database_.prepared("SELECT DISTINCT chat_id, thread_id FROM turns WHERE state = 'stored'").bind();
  while (statement.step()) lanes.push_back({statement.integer(0), statement.optional_integer(1)});
  return lanes;
}

std::size_t SqliteGatewayStore::count_stored_turns(std::int64_t chat_id) {
  auto& statement =
      database_.prepared("SELECT count(*) FROM turns WHERE chat_id = ? AND state = 'stored'").bind(chat_id);
  statement.step();
  const auto count = static_cast<std::size_t>(statement.integer(0));
  statement.reset();
  return count;
}

void SqliteGatewayStore::note_job(std::int64_t turn_id, const std::string& job_id, Timestamp now) {
  change([&] {
    change_row("turn",
               database_
                   .prepared("UPDATE turns SET job_id = ?1, updated_at = ?2, state = CASE WHEN EXISTS "
                             "(SELECT 1 FROM outbox WHERE source = ?1) THEN 'answered' ELSE 'created' END "
                             "WHERE id = ?3 AND state = 'stored'")
                   .bind(job_id, to_milliseconds(now), turn_id));
    database_.prepared("UPDATE inbox SET state = 'done' WHERE turn_id = ?").bind(turn_id).run();
  });
}

void SqliteGatewayStore::refuse_turn(std::int64_t turn_id, Timestamp now) {
  change([&] {
    change_row(
        "turn",
        database_
            .prepared("UPDATE turns SET state = 'refused', updated_at = ? WHERE id = ? AND state = 'stored'")
            .bind(to_milliseconds(now), turn_id));
    database_.prepared("UPDATE inbox SET state = 'done' WHERE turn_id = ?").bind(turn_id).run();
  });
}

void SqliteGatewayStore::answer_turn(const std::string& job_id, Timestamp now) {
  change([&] {
    database_
        .prepared(
            "UPDATE turns SET state = 'answered', updated_at = ? WHERE job_id = ? AND state = 'created'")
        .bind(to_milliseconds(now), job_id)
        .run();
  });
}

void SqliteGatewayStore::set_denied(const std::string& job_id, bool denied) {
  change(
      [&] { database_.prepared("UPDATE turns SET denied = ? WHERE job_id = ?").bind(denied, job_id).run(); });
}

std::optional<Turn> SqliteGatewayStore::turn_of_job(const std::string& job_id) {
  static const std::string sql = select_turns("WHERE job_id = ?");
  return read_one_turn(database_.prepared(sql).bind(job_id));
}

std::vector<KnownJob> SqliteGatewayStore::known_jobs(const JobScope& scope, std::size_t limit) {
  std::vector<KnownJob> jobs;
  std::optional<std::string_view> kind;
  if (scope.kind) kind = enum_name(*scope.kind);
  auto& statement =
      database_
          .prepared(
              "SELECT job_id, chat_id, thread_id, requester_id, state FROM turns WHERE job_id IS NOT NULL "
              "AND (?1 IS NULL OR chat_id = ?1) AND (?2 IS NULL OR requester_id = ?2) "
              "AND (?3 IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4")
          .bind(scope.chat_id, scope.requester_id, kind, limit);
  while (statement.step()) {
    jobs.push_back({.job_id = statement.string(0),
                    .lane = {statement.integer(1), statement.optional_integer(2)},
                    .requester_id = statement.integer(3),
                    .answered = stored_enum<TurnState>(statement.text(4)) == TurnState::answered});
  }
  return jobs;
}

std::vector<Turn> SqliteGatewayStore::waiting_untold(std::size_t limit) {
  static const std::string sql = select_turns(
      "WHERE state = 'stored' AND told_waiting = 0 AND due_at IS NULL "
      "ORDER BY created_at, id LIMIT ?");
  return read_turns(database_.prepared(sql).bind(limit));
}

std::vector<Turn> SqliteGatewayStore::open_turns() {
  static const std::string sql = select_turns("WHERE state = 'created' ORDER BY id");
  return read_turns(database_.prepared(sql).bind());
}

void SqliteGatewayStore::set_told_state(std::int64_t turn_id) {
  change([&] { database_.prepared("UPDATE turns SET told_state = 1 WHERE id = ?").bind(turn_id).run(); });
}

void SqliteGatewayStore::set_told_waiting(Lane lane) {
  change([&] {
    database_
        .prepared(
            "UPDATE turns SET told_waiting = 1 WHERE chat_id = ? AND thread_id IS ? AND state = 'stored' AND "
            "told_waiting = 0")
        .bind(lane.chat_id, lane.thread_id)
        .run();
  });
}

// Texts that may still go on.

void SqliteGatewayStore::put_open_text(std::int64_t turn_id, const OpenText& open) {
  change([&] {
    database_
        .prepared(
            "INSERT OR REPLACE INTO open_texts (turn_id, due_at, parts, part_sent_at, part_units) "
            "VALUES (?, ?, ?, ?, ?)")
        .bind(turn_id, to_milliseconds(open.due_at), open.parts, to_milliseconds(open.part_sent_at),
              open.part_units)
        .run();
  });
}

void SqliteGatewayStore::end_open_text(std::int64_t turn_id, Timestamp now) {
  change([&] {
    change_row("open text", database_.prepared("DELETE FROM open_texts WHERE turn_id = ?").bind(turn_id));
    database_.prepared("UPDATE turns SET created_at = ? WHERE id = ?")
        .bind(to_milliseconds(now), turn_id)
        .run();
  });
}

void SqliteGatewayStore::extend_turn(std::int64_t turn_id, const std::string& body, std::int64_t update_id) {
  change([&] {
    change_row("turn", database_.prepared("UPDATE turns SET body = ? WHERE id = ? AND state = 'stored'")
                           .bind(body, turn_id));
    tie_update(update_id, turn_id);
  });
}

std::optional<Turn> SqliteGatewayStore::open_turn(Lane lane, std::int64_t requester_id) {
  static const std::string sql = select_turns(
      "WHERE chat_id = ? AND thread_id IS ? AND requester_id = ? AND due_at IS NOT NULL "
      "ORDER BY id LIMIT 1");
  return read_one_turn(database_.prepared(sql).bind(lane.chat_id, lane.thread_id, requester_id));
}

std::optional<Turn> SqliteGatewayStore::next_open_turn() {
  static const std::string sql = select_turns("WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT 1");
  return read_one_turn(database_.prepared(sql).bind());
}

}  // namespace butler::gateway
