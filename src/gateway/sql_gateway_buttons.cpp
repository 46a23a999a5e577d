#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::enum_name;
using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

constexpr std::string_view keyboard_columns =
    "id, chat_id, thread_id, message_id, person_id, job_id, expires_at, outcome, shown FROM keyboards ";
constexpr std::string_view button_columns =
    "token, keyboard_id, place, label, style, action, subject, matter, used, used_label FROM buttons ";
constexpr std::string_view press_columns = "matter, update_id, token, person_name FROM button_presses ";

std::string select_from(std::string_view wanted, std::string_view rest) {
  return std::string{"SELECT "}.append(wanted).append(rest);
}

std::vector<KeyboardRow> read_keyboards(sql::Statement& row) {
  std::vector<KeyboardRow> keyboards;
  while (row.step()) {
    KeyboardRow one{.id = row.integer(0),
                    .audience = {.lane = {row.integer(1), row.optional_integer(2)},
                                 .person_id = row.optional_integer(4),
                                 .job_id = row.string(5)},
                    .message_id = row.optional_integer(3),
                    .outcome = row.optional_string(7),
                    .shown = row.integer(8) != 0};
    if (const auto time = row.optional_integer(6)) one.audience.expires_at = to_timestamp(*time);
    keyboards.push_back(std::move(one));
  }
  return keyboards;
}

std::vector<ButtonRow> read_buttons(sql::Statement& row) {
  std::vector<ButtonRow> buttons;
  while (row.step()) {
    buttons.push_back({.token = row.string(0),
                       .keyboard_id = row.integer(1),
                       .place = row.integer(2),
                       .button = {.label = row.string(3),
                                  .action = stored_enum<ButtonAction>(row.text(5)),
                                  .subject = row.string(6),
                                  .style = stored_enum<ButtonStyle>(row.text(4))},
                       .matter = row.string(7),
                       .used = row.integer(8) != 0,
                       .used_label = row.optional_string(9)});
  }
  return buttons;
}

std::optional<ButtonPress> read_button_press(sql::Statement& row) {
  std::optional<ButtonPress> press;
  if (row.step()) {
    press = ButtonPress{.matter = row.string(0),
                        .update_id = row.integer(1),
                        .token = row.string(2),
                        .person_name = row.string(3)};
  }
  row.reset();
  return press;
}

template <class T>
std::optional<T> first_of(std::vector<T> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

std::int64_t SqlGatewayStore::add_keyboard(const Audience& audience, const std::vector<ButtonRow>& buttons,
                                           Timestamp now) {
  std::optional<std::int64_t> expires_at;
  if (audience.expires_at) expires_at = to_milliseconds(*audience.expires_at);
  std::int64_t keyboard_id = 0;
  change([&] {
    keyboard_id = insert(
        database_
            .prepared("INSERT INTO keyboards (chat_id, thread_id, person_id, job_id, expires_at, created_at) "
                      "VALUES (?, ?, ?, ?, ?, ?) RETURNING id")
            .bind(audience.lane.chat_id, audience.lane.thread_id, audience.person_id, audience.job_id,
                  expires_at, to_milliseconds(now)));
    for (const ButtonRow& one : buttons) {
      database_
          .prepared(
              "INSERT INTO buttons (token, keyboard_id, place, label, style, action, subject, matter) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(one.token, keyboard_id, one.place, one.button.label, enum_name(one.button.style),
                enum_name(one.button.action), one.button.subject, one.matter)
          .run();
    }
  });
  return keyboard_id;
}

void SqlGatewayStore::remove_keyboard(std::int64_t keyboard_id) {
  change([&] { database_.prepared("DELETE FROM keyboards WHERE id = ?").bind(keyboard_id).run(); });
}

std::optional<KeyboardRow> SqlGatewayStore::keyboard(std::int64_t keyboard_id) {
  static const std::string sql = select_from(keyboard_columns, "WHERE id = ?");
  return first_of(read_keyboards(database_.prepared(sql).bind(keyboard_id)));
}

std::optional<KeyboardRow> SqlGatewayStore::keyboard_of(std::int64_t chat_id, std::int64_t message_id) {
  static const std::string sql =
      select_from(keyboard_columns, "WHERE chat_id = ? AND message_id = ? ORDER BY id DESC LIMIT 1");
  return first_of(read_keyboards(database_.prepared(sql).bind(chat_id, message_id)));
}

std::optional<ButtonRow> SqlGatewayStore::button(std::string_view token) {
  static const std::string sql = select_from(button_columns, "WHERE token = ?");
  return first_of(read_buttons(database_.prepared(sql).bind(token)));
}

std::vector<ButtonRow> SqlGatewayStore::buttons_of(std::int64_t keyboard_id) {
  static const std::string sql = select_from(button_columns, "WHERE keyboard_id = ? ORDER BY place");
  return read_buttons(database_.prepared(sql).bind(keyboard_id));
}

void SqlGatewayStore::bind_keyboard(std::int64_t keyboard_id, Lane lane, std::int64_t message_id) {
  change([&] {
    database_
        .prepared(
            "UPDATE keyboards SET outcome = '', shown = 1 WHERE chat_id = ? AND message_id = ? AND id < ?")
        .bind(lane.chat_id, message_id, keyboard_id)
        .run();
    database_
        .prepared(
            "UPDATE keyboards SET chat_id = ?, thread_id = ?, message_id = ? WHERE id = ? "
            "AND message_id IS NULL")
        .bind(lane.chat_id, lane.thread_id, message_id, keyboard_id)
        .run();
  });
}

bool SqlGatewayStore::add_press(const ButtonPress& press) {
  bool added = false;
  change([&] {
    added = database_
                .prepared(
                    "INSERT INTO button_presses (matter, bot_id, update_id, token, person_name) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(press.matter, bot_id_, press.update_id, press.token, press.person_name)
                .run() == 1;
  });
  return added;
}

std::optional<ButtonPress> SqlGatewayStore::press_in(std::string_view matter) {
  static const std::string sql = select_from(press_columns, "WHERE matter = ?");
  return read_button_press(database_.prepared(sql).bind(matter));
}

std::optional<ButtonPress> SqlGatewayStore::press_by(std::int64_t update_id) {
  static const std::string sql = select_from(press_columns, "WHERE bot_id = ? AND update_id = ?");
  return read_button_press(database_.prepared(sql).bind(bot_id_, update_id));
}

void SqlGatewayStore::remove_press(std::int64_t update_id) {
  change([&] {
    database_.prepared("DELETE FROM button_presses WHERE bot_id = ? AND update_id = ?")
        .bind(bot_id_, update_id)
        .run();
  });
}

void SqlGatewayStore::use_buttons(std::string_view matter, const std::optional<std::string>& label) {
  change([&] {
    database_
        .prepared(
            "UPDATE keyboards SET shown = 0 WHERE outcome IS NULL AND id IN "
            "(SELECT keyboard_id FROM buttons WHERE matter = ? AND used = 0)")
        .bind(matter)
        .run();
    database_.prepared("UPDATE buttons SET used = 1, used_label = ? WHERE matter = ? AND used = 0")
        .bind(label, matter)
        .run();
  });
}

std::vector<KeyboardRow> SqlGatewayStore::drop_button_labels(std::string_view matter) {
  static const std::string sql = select_from(keyboard_columns,
                                             "WHERE outcome IS NULL AND id IN (SELECT keyboard_id FROM "
                                             "buttons WHERE matter = ? AND used_label IS NOT "
                                             "NULL) ORDER BY id");
  std::vector<KeyboardRow> keyboards;
  change([&] {
    keyboards = read_keyboards(database_.prepared(sql).bind(matter));
    for (KeyboardRow& keyboard : keyboards) {
      database_.prepared("UPDATE keyboards SET shown = 0 WHERE id = ?").bind(keyboard.id).run();
      keyboard.shown = false;
    }
    database_.prepared("UPDATE buttons SET used_label = NULL WHERE matter = ? AND used_label IS NOT NULL")
        .bind(matter)
        .run();
  });
  return keyboards;
}

std::vector<KeyboardRow> SqlGatewayStore::open_keyboards(std::string_view matter) {
  static const std::string sql = select_from(
      keyboard_columns,
      "WHERE outcome IS NULL AND id IN (SELECT keyboard_id FROM buttons WHERE matter = ? AND used = 0) "
      "ORDER BY id");
  return read_keyboards(database_.prepared(sql).bind(matter));
}

std::vector<KeyboardRow> SqlGatewayStore::open_keyboards_of_job(std::string_view job_id) {
  static const std::string sql =
      select_from(keyboard_columns, "WHERE job_id = ? AND job_id <> '' AND outcome IS NULL ORDER BY id");
  return read_keyboards(database_.prepared(sql).bind(job_id));
}

std::vector<KeyboardRow> SqlGatewayStore::expired_keyboards(Timestamp now) {
  static const std::string sql = select_from(
      keyboard_columns, "WHERE expires_at <= ? AND expires_at IS NOT NULL AND outcome IS NULL ORDER BY id");
  return read_keyboards(database_.prepared(sql).bind(to_milliseconds(now)));
}

std::optional<Timestamp> SqlGatewayStore::next_expiry() {
  auto& row =
      database_
          .prepared("SELECT min(expires_at) FROM keyboards WHERE expires_at IS NOT NULL AND outcome IS NULL")
          .bind();
  std::optional<std::int64_t> earliest;
  if (row.step()) earliest = row.optional_integer(0);
  row.reset();
  if (!earliest) return std::nullopt;
  return to_timestamp(*earliest);
}

void SqlGatewayStore::end_keyboard(std::int64_t keyboard_id, std::string_view outcome) {
  change([&] {
    database_.prepared("UPDATE keyboards SET outcome = ?, shown = 0 WHERE id = ? AND outcome IS NULL")
        .bind(outcome, keyboard_id)
        .run();
  });
}

std::vector<std::int64_t> SqlGatewayStore::chats_with_keyboards_to_show() {
  std::vector<std::int64_t> chats;
  auto& row =
      database_.prepared("SELECT DISTINCT chat_id FROM keyboards WHERE shown = 0 AND message_id IS NOT NULL")
          .bind();
  while (row.step()) chats.push_back(row.integer(0));
  return chats;
}

std::optional<KeyboardRow> SqlGatewayStore::keyboard_to_show(std::int64_t chat_id) {
  static const std::string sql = select_from(
      keyboard_columns, "WHERE chat_id = ? AND shown = 0 AND message_id IS NOT NULL ORDER BY id LIMIT 1");
  return first_of(read_keyboards(database_.prepared(sql).bind(chat_id)));
}

void SqlGatewayStore::set_shown(std::int64_t keyboard_id) {
  change([&] { database_.prepared("UPDATE keyboards SET shown = 1 WHERE id = ?").bind(keyboard_id).run(); });
}

/// What stands in the old chat cannot be told from messages of the new one, whose ids begin anew: it does
/// nothing any more. What was not sent yet goes to the new one.
void SqlGatewayStore::move_keyboards(std::int64_t from, std::int64_t to) {
  database_
      .prepared("UPDATE keyboards SET outcome = '', shown = 1 WHERE chat_id = ? AND message_id IS NOT NULL")
      .bind(from)
      .run();
  database_.prepared("UPDATE keyboards SET chat_id = ? WHERE chat_id = ? AND message_id IS NULL")
      .bind(to, from)
      .run();
}

/// A question that waits is kept as long as it takes.
void SqlGatewayStore::prune_keyboards(Timestamp before) {
  database_
      .prepared("DELETE FROM keyboards WHERE created_at < ? AND (outcome IS NOT NULL OR message_id IS NULL)")
      .bind(to_milliseconds(before))
      .run();
}

void SqlGatewayStore::show_again(std::int64_t keyboard_id) {
  change([&] { database_.prepared("UPDATE keyboards SET shown = 0 WHERE id = ?").bind(keyboard_id).run(); });
}

}  // namespace butler::gateway
