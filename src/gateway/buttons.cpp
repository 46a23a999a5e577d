#include "gateway/buttons.hpp"

#include <algorithm>
#include <stdexcept>

#include "gateway/keyboard_markup.hpp"
#include "gateway/press_rules.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t token_bytes = 16;
constexpr std::size_t most_rows = 12;  // of 8: below the 100 buttons that clients show

/// 128 bits of the system's CSPRNG as base64url: 22 of the 64 bytes that callback_data may have.
std::string new_token() {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr unsigned bits_of_digit = 6;
  const auto bytes = process::random_bytes<token_bytes>();
  std::string token;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    pending = pending << 8U | byte;
    for (bits += 8U; bits >= bits_of_digit; bits -= bits_of_digit) {
      token.push_back(alphabet[pending >> (bits - bits_of_digit) & 63U]);
    }
  }
  token.push_back(alphabet[pending << (bits_of_digit - bits) & 63U]);
  return token;
}

void check_form(const Keyboard& keyboard) {
  if (keyboard.rows.empty() || keyboard.rows.size() > most_rows) {
    throw std::logic_error("a keyboard without rows, or with too many");
  }
  for (const auto& row : keyboard.rows) {
    if (row.empty() || row.size() > buttons_in_a_row)
      throw std::logic_error("a row of no or too many buttons");
    for (const Button& button : row) {
      if (button.label.empty()) throw std::logic_error("a button without a label");
    }
  }
}

std::vector<ButtonRow> rows_of(const Keyboard& keyboard) {
  check_form(keyboard);
  std::vector<ButtonRow> rows;
  std::int64_t row_start = 0;
  for (const auto& row : keyboard.rows) {
    std::int64_t place = row_start;
    for (const Button& button : row) {
      std::string token = new_token();
      std::string matter = matter_of(button, token);
      rows.push_back(
          {.token = std::move(token), .place = place, .button = button, .matter = std::move(matter)});
      ++place;
    }
    row_start += buttons_in_a_row;
  }
  return rows;
}

bool asks_for_decision(ButtonAction action) {
  const auto needed = action_of(action);
  return needed == domain::Action::decide || needed == domain::Action::manage_people;
}

/// The message that shows what a running job does: it goes away with the job, and its keyboard with it. To
/// edit it before would only cost the chat a call.
bool is_under_status(GatewayStore& store, const KeyboardRow& keyboard) {
  return keyboard.message_id &&
         store.live_of_message(keyboard.audience.lane.chat_id, *keyboard.message_id).has_value();
}

}  // namespace

json::Object Buttons::markup(const Keyboard& keyboard, const Audience& audience) {
  const auto rows = rows_of(keyboard);
  store_.add_keyboard(audience, rows, domain::wall_clock_now());
  if (audience.expires_at) tell_changed(audience.lane);
  return keyboard_markup(rows);
}

void Buttons::sent(const json::Object& markup, Lane lane, std::int64_t message_id) {
  const auto token = token_in(markup);
  if (!token) return;
  store_.unit([&] {
    const auto button = store_.button(*token);
    if (!button) return;
    store_.bind_keyboard(button->keyboard_id, lane, message_id);
    const auto keyboard = store_.keyboard(button->keyboard_id);
    if (keyboard && !keyboard->shown) tell_changed(lane);
  });
}

json::Object Buttons::shown(std::int64_t chat_id, std::int64_t message_id) {
  const auto keyboard = store_.keyboard_of(chat_id, message_id);
  return keyboard ? shown(*keyboard) : keyboard_markup({});
}

json::Object Buttons::shown(const KeyboardRow& keyboard) {
  return keyboard_markup(store_.buttons_of(keyboard.id), keyboard.outcome);
}

void Buttons::forget(const json::Object& markup) {
  const auto token = token_in(markup);
  if (!token) return;
  if (const auto button = store_.button(*token)) store_.remove_keyboard(button->keyboard_id);
}

void Buttons::deciding(const std::string& matter, std::optional<Decider> who) {
  if (who) {
    deciders_[matter] = *std::move(who);
  } else {
    deciders_.erase(matter);
  }
}

std::optional<Buttons::Decider> Buttons::decider(const std::string& matter) {
  const auto known = deciders_.find(matter);
  if (known != deciders_.end()) return known->second;
  const auto press = store_.press_in(matter);
  const auto button = press ? store_.button(press->token) : std::nullopt;
  if (!button) return std::nullopt;
  return Decider{.approves = button->button.action == ButtonAction::approve_job, .name = press->person_name};
}

void Buttons::decided(const std::string& matter, const Label& outcome) {
  store_.unit([&] {
    for (const KeyboardRow& keyboard : store_.open_keyboards(matter)) {
      end(keyboard, outcome(keyboard.audience.lane));
    }
  });
}

void Buttons::used(const std::string& matter, const std::optional<std::string>& label) {
  store_.unit([&] {
    const auto keyboards = store_.open_keyboards(matter);
    if (keyboards.empty()) return;
    store_.use_buttons(matter, label);
    for (const KeyboardRow& keyboard : keyboards) tell_changed(keyboard.audience.lane);
  });
}

void Buttons::job_ended(const std::string& job_id) {
  store_.unit([&] {
    for (const KeyboardRow& keyboard : store_.open_keyboards_of_job(job_id)) {
      if (!is_under_status(store_, keyboard)) {
        end(keyboard, "");
        continue;
      }
      store_.end_keyboard(keyboard.id, "");
      store_.set_shown(keyboard.id);
    }
    // Neither a Stop nor the "Stopping…" of one that was pressed outlives what it stops.
    used(stop_matter(job_id));
    for (const KeyboardRow& keyboard : store_.drop_button_labels(stop_matter(job_id))) {
      tell_changed(keyboard.audience.lane);
    }
  });
}

void Buttons::expire(domain::Timestamp now) {
  store_.unit([&] {
    for (const KeyboardRow& keyboard : store_.expired_keyboards(now)) {
      const auto buttons = store_.buttons_of(keyboard.id);
      const bool asks = std::ranges::any_of(
          buttons, [](const ButtonRow& one) { return asks_for_decision(one.button.action); });
      const auto language = language_of_(keyboard.audience.lane);
      end(keyboard, asks ? wording::say(language, "buttons.expired") : "");
    }
  });
}

void Buttons::replace(const KeyboardRow& keyboard, const Keyboard& by) {
  if (!keyboard.message_id) throw std::logic_error("a keyboard that is under no message yet");
  store_.unit([&] {
    const auto rows = rows_of(by);
    const auto id = store_.add_keyboard(keyboard.audience, rows, domain::wall_clock_now());
    store_.bind_keyboard(id, keyboard.audience.lane, *keyboard.message_id);
    store_.show_again(id);
    tell_changed(keyboard.audience.lane);
  });
}

void Buttons::end(const KeyboardRow& keyboard, const std::string& outcome) {
  store_.end_keyboard(keyboard.id, outcome);
  tell_changed(keyboard.audience.lane);
}

void Buttons::tell_changed(Lane lane) {
  store_.after_commit([this, lane] { changed_({.chat_id = lane.chat_id}); });
}

}  // namespace butler::gateway
