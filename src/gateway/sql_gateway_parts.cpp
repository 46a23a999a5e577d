#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

Edit read_edit(const sql::Statement& row) {
  return {.id = row.integer(0),
          .turn_id = row.integer(1),
          .message_id = row.integer(2),
          .update_id = row.integer(3),
          .text = row.string(4)};
}

}  // namespace

// The messages of turns.

void SqlGatewayStore::add_turn_part(std::int64_t turn_id, const TurnPart& part) {
  database_
      .prepared(
          "INSERT INTO turn_parts (turn_id, position, message_id, form, joint, text) "
          "SELECT ?1, count(*), ?2, ?3, ?4, ?5 FROM turn_parts WHERE turn_id = ?1")
      .bind(turn_id, part.message_id, domain::enum_name(part.form), part.joint, part.text)
      .run();
}

std::vector<TurnPart> SqlGatewayStore::turn_parts(std::int64_t turn_id) {
  std::vector<TurnPart> parts;
  auto& row =
      database_
          .prepared(
              "SELECT message_id, form, joint, text FROM turn_parts WHERE turn_id = ? ORDER BY position")
          .bind(turn_id);
  while (row.step()) {
    parts.push_back({.message_id = row.integer(0),
                     .form = stored_enum<PartForm>(row.text(1)),
                     .joint = row.string(2),
                     .text = row.string(3)});
  }
  return parts;
}

void SqlGatewayStore::set_body(std::int64_t turn_id, const std::string& body) {
  change_row(
      "turn",
      database_.prepared("UPDATE turns SET body = ? WHERE id = ? AND state = 'stored'").bind(body, turn_id));
}

void SqlGatewayStore::change_turn(std::int64_t turn_id, const std::string& body, const TurnPart& part) {
  change([&] {
    set_body(turn_id, body);
    change_row("part of a turn",
               database_.prepared("UPDATE turn_parts SET text = ? WHERE turn_id = ? AND message_id = ?")
                   .bind(part.text, turn_id, part.message_id));
  });
}

bool SqlGatewayStore::has_stored_turn(Lane lane) {
  auto& row = database_
                  .prepared(
                      "SELECT 1 FROM turns WHERE chat_id = ? AND thread_id IS NOT DISTINCT FROM ? AND state "
                      "= 'stored' LIMIT 1")
                  .bind(lane.chat_id, lane.thread_id);
  const bool found = row.step();
  row.reset();
  return found;
}

bool SqlGatewayStore::has_turns_behind(const Turn& turn) {
  auto& row = database_
                  .prepared(
                      "SELECT 1 FROM turns WHERE chat_id = ? AND thread_id IS NOT DISTINCT FROM ? AND id > ? "
                      "AND state IN ('stored', 'created') LIMIT 1")
                  .bind(turn.lane.chat_id, turn.lane.thread_id, turn.id);
  const bool found = row.step();
  row.reset();
  return found;
}

std::int64_t SqlGatewayStore::last_turn_id() {
  auto& row = database_.prepared("SELECT coalesce(max(id), 0) FROM turns").bind();
  row.step();
  const std::int64_t id = row.integer(0);
  row.reset();
  return id;
}

// What their senders made of them later.

void SqlGatewayStore::put_edit(const Edit& edit) {
  change([&] {
    // The earlier one is another edit: whoever works on it must not end this one with it.
    database_.prepared("DELETE FROM edits WHERE turn_id = ? AND message_id = ?")
        .bind(edit.turn_id, edit.message_id)
        .run();
    database_.prepared("INSERT INTO edits (turn_id, message_id, update_id, text) VALUES (?, ?, ?, ?)")
        .bind(edit.turn_id, edit.message_id, edit.update_id, edit.text)
        .run();
  });
}

std::optional<Edit> SqlGatewayStore::first_edit(Lane lane) {
  auto& row =
      database_
          .prepared(
              "SELECT edits.id, turn_id, edits.message_id, update_id, text FROM edits "
              "JOIN turns ON turns.id = turn_id WHERE chat_id = ? AND thread_id IS NOT DISTINCT FROM ? "
              "AND state <> 'stored' ORDER BY edits.id LIMIT 1")
          .bind(lane.chat_id, lane.thread_id);
  std::optional<Edit> edit;
  if (row.step()) edit = read_edit(row);
  row.reset();
  return edit;
}

std::vector<Edit> SqlGatewayStore::edits_of(std::int64_t turn_id) {
  std::vector<Edit> edits;
  auto& row =
      database_
          .prepared(
              "SELECT id, turn_id, message_id, update_id, text FROM edits WHERE turn_id = ? ORDER BY id")
          .bind(turn_id);
  while (row.step()) edits.push_back(read_edit(row));
  return edits;
}

std::vector<Lane> SqlGatewayStore::lanes_with_edits() {
  std::vector<Lane> lanes;
  auto& row =
      database_
          .prepared("SELECT DISTINCT chat_id, thread_id FROM edits JOIN turns ON turns.id = edits.turn_id")
          .bind();
  while (row.step()) lanes.push_back({row.integer(0), row.optional_integer(1)});
  return lanes;
}

void SqlGatewayStore::remove_edit(std::int64_t edit_id) {
  change([&] { database_.prepared("DELETE FROM edits WHERE id = ?").bind(edit_id).run(); });
}

std::int64_t SqlGatewayStore::replace_turn(std::int64_t turn_id, const NewTurn& turn, domain::Timestamp now) {
  std::int64_t new_id = 0;
  change([&] {
    new_id = add_turn(turn, {}, now);
    database_.prepared("UPDATE turn_parts SET turn_id = ? WHERE turn_id = ?").bind(new_id, turn_id).run();
    database_.prepared("UPDATE edits SET turn_id = ? WHERE turn_id = ?").bind(new_id, turn_id).run();
    // The files go to another job: they are handed over anew.
    database_
        .prepared("UPDATE turn_files SET turn_id = ?, state = 'waiting', problem = NULL WHERE turn_id = ?")
        .bind(new_id, turn_id)
        .run();
    database_
        .prepared("UPDATE turns SET state = 'answered', updated_at = ? WHERE id = ? AND state = 'created'")
        .bind(domain::to_milliseconds(now), turn_id)
        .run();
  });
  return new_id;
}

std::optional<std::string> SqlGatewayStore::job_told_in(std::int64_t chat_id, std::int64_t message_id) {
  auto& row = database_
                  .prepared(
                      "SELECT about FROM outbox WHERE chat_id = ? AND message_id = ? "
                      "AND about IS NOT NULL LIMIT 1")
                  .bind(chat_id, message_id);
  std::optional<std::string> job_id;
  if (row.step()) job_id = row.string(0);
  row.reset();
  return job_id;
}

}  // namespace butler::gateway
