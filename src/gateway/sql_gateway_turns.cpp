#include "domain/describe.hpp"
#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::enum_name;
using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

/// Without a join of its own: `from` says where the planner begins.
constexpr std::string_view turn_columns =
    "SELECT id, idempotency_key, chat_id, thread_id, requester_id, message_id, kind, body, state, job_id, "
    "denied, created_at, told_state, due_at, parts, part_sent_at, part_units, "
    "burst, album FROM ";
constexpr std::string_view all_turns = "turns LEFT JOIN open_texts ON turn_id = id ";
/// A few rows at most. CROSS JOIN keeps the planner from beginning with all turns that there ever were.
constexpr std::string_view open_ones = "open_texts CROSS JOIN turns WHERE turn_id = id ";

Turn read_turn(const sql::Statement& row) {
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
                              .part_units = row.integer(16),
                              .burst = row.integer(17) != 0,
                              .album = row.string(18)};
  }
  return turn;
}

std::optional<Turn> read_one_turn(sql::Statement& bound) {
  std::optional<Turn> turn;
  if (bound.step()) turn = read_turn(bound);
  bound.reset();
  return turn;
}

std::vector<Turn> read_turns(sql::Statement& bound) {
  std::vector<Turn> turns;
  while (bound.step()) turns.push_back(read_turn(bound));
  return turns;
}

std::string select_turns(std::string_view rest) {
  return std::string{turn_columns}.append(all_turns).append(rest);
}

std::string select_open_turns(std::string_view rest) {
  return std::string{turn_columns}.append(open_ones).append(rest);
}

}  // namespace

std::int64_t SqlGatewayStore::add_turn(const NewTurn& turn, const std::vector<std::int64_t>& update_ids,
                                       Timestamp now) {
  std::int64_t turn_id = 0;
  std::optional<std::int64_t> sent_at;
  if (turn.sent_at) sent_at = to_milliseconds(*turn.sent_at);
  change([&] {
    turn_id = insert(database_
                         .prepared("INSERT INTO turns (idempotency_key, chat_id, thread_id, requester_id, "
                                   "message_id, kind, body, "
                                   "state, sent_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, "
                                   "'stored', ?, ?, ?) RETURNING id")
                         .bind(turn.idempotency_key, turn.lane.chat_id, turn.lane.thread_id,
                               turn.requester_id, turn.message_id, enum_name(turn.kind), turn.body, sent_at,
                               to_milliseconds(now), to_milliseconds(now)));
    for (const std::int64_t update_id : update_ids) tie_update(update_id, turn_id);
    for (const TurnPart& part : turn.parts) add_turn_part(turn_id, part);
    add_turn_files(turn_id, turn.files);
  });
  return turn_id;
}

void SqlGatewayStore::tie_update(std::int64_t update_id, std::int64_t turn_id) {
  change_row("update of a turn", database_
                                     .prepared("UPDATE inbox SET state = 'in_turn', turn_id = ?1, "
                                               "chat_id = (SELECT chat_id FROM turns WHERE id = ?1) "
                                               "WHERE bot_id = ?2 AND update_id = ?3")
                                     .bind(turn_id, bot_id_, update_id));
}

std::optional<Turn> SqlGatewayStore::first_stored_turn(Lane lane) {
  static const std::string sql = select_turns(
      "WHERE chat_id = ? AND thread_id IS NOT DISTINCT FROM ? AND state = 'stored' ORDER BY id LIMIT 1");
  auto turn = read_one_turn(database_.prepared(sql).bind(lane.chat_id, lane.thread_id));
  if (turn && turn->open_text) return std::nullopt;
  return turn;
}

std::vector<Lane> SqlGatewayStore::lanes_with_stored_turns() {
  std::vector<Lane> lanes;
  auto& statement =
      database_.prepared("SELECT DISTINCT chat_id, thread_id FROM turns WHERE state = 'stored'").bind();
  while (statement.step()) lanes.push_back({statement.integer(0), statement.optional_integer(1)});
  return lanes;
}

std::size_t SqlGatewayStore::count_stored_turns(std::int64_t chat_id) {
  auto& statement =
      database_.prepared("SELECT count(*) FROM turns WHERE chat_id = ? AND state = 'stored'").bind(chat_id);
  statement.step();
  const auto count = static_cast<std::size_t>(statement.integer(0));
  statement.reset();
  return count;
}

void SqlGatewayStore::note_job(std::int64_t turn_id, const std::string& job_id, Timestamp now) {
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

void SqlGatewayStore::refuse_turn(std::int64_t turn_id, Timestamp now) {
  change([&] {
    change_row(
        "turn",
        database_
            .prepared("UPDATE turns SET state = 'refused', updated_at = ? WHERE id = ? AND state = 'stored'")
            .bind(to_milliseconds(now), turn_id));
    database_.prepared("UPDATE inbox SET state = 'done' WHERE turn_id = ?").bind(turn_id).run();
  });
}

void SqlGatewayStore::answer_turn(const std::string& job_id, Timestamp now) {
  change([&] {
    database_
        .prepared(
            "UPDATE turns SET state = 'answered', updated_at = ? WHERE job_id = ? AND state = 'created'")
        .bind(to_milliseconds(now), job_id)
        .run();
  });
}

void SqlGatewayStore::set_denied(const std::string& job_id, bool denied) {
  change(
      [&] { database_.prepared("UPDATE turns SET denied = ? WHERE job_id = ?").bind(denied, job_id).run(); });
}

std::optional<Turn> SqlGatewayStore::turn_of_job(const std::string& job_id) {
  static const std::string sql = select_turns("WHERE job_id = ?");
  return read_one_turn(database_.prepared(sql).bind(job_id));
}

std::vector<KnownJob> SqlGatewayStore::known_jobs(const JobScope& scope, std::size_t limit) {
  std::vector<KnownJob> jobs;
  std::optional<std::string_view> kind;
  if (scope.kind) kind = enum_name(*scope.kind);
  static constexpr std::string_view of_a_chat =
      "SELECT job_id, chat_id, thread_id, requester_id, state FROM turns INDEXED BY turns_of_chat "
      "WHERE job_id IS NOT NULL AND chat_id = ?1 AND (CAST(?2 AS bigint) IS NULL OR requester_id = ?2) "
      "AND (CAST(?3 AS text) IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4";
  static constexpr std::string_view of_all_chats =
      "SELECT job_id, chat_id, thread_id, requester_id, state FROM turns WHERE job_id IS NOT NULL "
      "AND CAST(?1 AS bigint) IS NULL AND (CAST(?2 AS bigint) IS NULL OR requester_id = ?2) "
      "AND (CAST(?3 AS text) IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4";
  auto& statement = database_.prepared(scope.chat_id ? of_a_chat : of_all_chats)
                        .bind(scope.chat_id, scope.requester_id, kind, limit);
  while (statement.step()) {
    jobs.push_back({.job_id = statement.string(0),
                    .lane = {statement.integer(1), statement.optional_integer(2)},
                    .requester_id = statement.integer(3),
                    .answered = stored_enum<TurnState>(statement.text(4)) == TurnState::answered});
  }
  return jobs;
}

std::vector<Turn> SqlGatewayStore::waiting_untold(std::size_t limit) {
  static const std::string sql = select_turns(
      "WHERE state = 'stored' AND told_waiting = 0 AND due_at IS NULL "
      "ORDER BY created_at, id LIMIT ?");
  return read_turns(database_.prepared(sql).bind(limit));
}

std::vector<Turn> SqlGatewayStore::open_turns() {
  static const std::string sql = select_turns("WHERE state = 'created' ORDER BY id");
  return read_turns(database_.prepared(sql).bind());
}

void SqlGatewayStore::set_told_state(std::int64_t turn_id) {
  change([&] { database_.prepared("UPDATE turns SET told_state = 1 WHERE id = ?").bind(turn_id).run(); });
}

void SqlGatewayStore::set_told_waiting(Lane lane) {
  change([&] {
    database_
        .prepared(
            "UPDATE turns SET told_waiting = 1 WHERE chat_id = ? AND thread_id IS NOT DISTINCT FROM ? AND "
            "state = 'stored' AND "
            "told_waiting = 0")
        .bind(lane.chat_id, lane.thread_id)
        .run();
  });
}

// Texts that may still go on.

void SqlGatewayStore::put_open_text(std::int64_t turn_id, const OpenText& open) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO open_texts (turn_id, due_at, parts, part_sent_at, part_units, burst, album) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (turn_id) DO UPDATE SET due_at = excluded.due_at, "
            "parts = excluded.parts, part_sent_at = excluded.part_sent_at, part_units = excluded.part_units, "
            "burst = excluded.burst, album = excluded.album")
        .bind(turn_id, to_milliseconds(open.due_at), open.parts, to_milliseconds(open.part_sent_at),
              open.part_units, open.burst, open.album)
        .run();
  });
}

void SqlGatewayStore::end_open_text(std::int64_t turn_id, Timestamp now) {
  change([&] {
    change_row("open text", database_.prepared("DELETE FROM open_texts WHERE turn_id = ?").bind(turn_id));
    database_.prepared("UPDATE turns SET created_at = ? WHERE id = ?")
        .bind(to_milliseconds(now), turn_id)
        .run();
  });
}

void SqlGatewayStore::extend_turn(std::int64_t turn_id, const std::string& body,
                                  const std::vector<TurnPart>& parts, std::int64_t update_id) {
  change([&] {
    set_body(turn_id, body);
    for (const TurnPart& part : parts) add_turn_part(turn_id, part);
    tie_update(update_id, turn_id);
  });
}

std::optional<Turn> SqlGatewayStore::open_turn(Lane lane, std::int64_t requester_id) {
  static const std::string sql = select_open_turns(
      "AND chat_id = ? AND thread_id IS NOT DISTINCT FROM ? AND requester_id = ? ORDER BY id LIMIT 1");
  return read_one_turn(database_.prepared(sql).bind(lane.chat_id, lane.thread_id, requester_id));
}

std::optional<Turn> SqlGatewayStore::turn(std::int64_t turn_id) {
  static const std::string sql = select_turns("WHERE id = ?");
  return read_one_turn(database_.prepared(sql).bind(turn_id));
}

std::optional<Turn> SqlGatewayStore::turn_of_message(std::int64_t chat_id, std::int64_t message_id,
                                                     std::int64_t requester_id) {
  // The + keeps the planner from looking through all that the person ever asked for.
  static const std::string sql = select_turns(
      "WHERE id IN (SELECT turn_id FROM turn_parts WHERE message_id = ?1) AND chat_id = ?2 "
      "AND +requester_id = ?3 AND ?1 <> 0 ORDER BY id DESC LIMIT 1");
  return read_one_turn(database_.prepared(sql).bind(message_id, chat_id, requester_id));
}

std::optional<Turn> SqlGatewayStore::next_open_turn() {
  static const std::string sql = select_open_turns("ORDER BY due_at, id LIMIT 1");
  return read_one_turn(database_.prepared(sql).bind());
}

}  // namespace butler::gateway
