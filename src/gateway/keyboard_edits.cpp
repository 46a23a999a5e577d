#include "gateway/keyboard_edits.hpp"

#include <algorithm>

#include "gateway/keyboard_markup.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A clock that is set forward has to be noticed some time.
constexpr std::chrono::minutes longest_sleep{10};

/// A Bot API server that is older than buttons without effect.
bool knows_no_still_buttons(const telegram::ApiError& error) {
  const std::string& words = error.description;
  return error.error_code == 400 && (words.contains("BUTTON_") || words.contains("button"));
}

}  // namespace

KeyboardEdits::KeyboardEdits(const asio::any_io_executor& executor, GatewayStore& store, Buttons& buttons,
                             telegram::BotApi& api, FloodControl& flood, async::TaskGroup& tasks,
                             DeliveryTiming timing)
    : store_(store),
      buttons_(buttons),
      api_(api),
      flood_(flood),
      timing_(timing),
      chats_(tasks, "keyboards", [this](Lane chat) { return step(chat); }),
      changed_(executor) {}

void KeyboardEdits::wake(Lane chat) {
  chats_.wake({.chat_id = chat.chat_id});
  changed_.notify_all();
}

asio::awaitable<void> KeyboardEdits::run() {
  for (const std::int64_t chat_id : store_.chats_with_keyboards_to_show()) wake({.chat_id = chat_id});
  for (;;) {
    buttons_.expire(domain::wall_clock_now());
    const auto next = store_.next_expiry();
    if (!next) {
      co_await changed_.wait();
      continue;
    }
    const milliseconds left = std::max(*next - domain::wall_clock_now(), milliseconds{1});
    co_await changed_.wait_until(steady_clock::now() + std::min<milliseconds>(left, longest_sleep));
  }
}

asio::awaitable<bool> KeyboardEdits::step(Lane chat) {
  auto keyboard = store_.keyboard_to_show(chat.chat_id);
  if (!keyboard) co_return false;
  const auto wait = flood_.wait(chat.chat_id, Urgency::answer, steady_clock::now());
  if (wait == milliseconds::zero()) {
    co_await show(*std::move(keyboard));
  } else {
    co_await async::sleep_for(wait);
  }
  co_return true;
}

asio::awaitable<void> KeyboardEdits::show(KeyboardRow keyboard) {
  const std::int64_t chat_id = keyboard.audience.lane.chat_id;
  const std::int64_t message_id = keyboard.message_id.value_or(0);
  const json::Object markup = buttons_.shown(keyboard);
  flood_.spend(chat_id, steady_clock::now());
  auto edited = co_await api_.edit_reply_markup(chat_id, message_id, markup);
  if (!edited && knows_no_still_buttons(edited.error())) {
    edited = co_await api_.edit_reply_markup(chat_id, message_id, keyboard_markup({}));
  }
  if (edited) co_return settle(keyboard, markup);
  co_await note_failure(keyboard, edited.error());
}

asio::awaitable<void> KeyboardEdits::note_failure(const KeyboardRow& keyboard, telegram::ApiError error) {
  const std::int64_t chat_id = keyboard.audience.lane.chat_id;
  CallFailures& failures = failures_.try_emplace(keyboard.id, CallFailures{.all = 0}).first->second;
  ++failures.all;
  if (failed_by_server(error)) ++failures.by_server;
  const auto again = repeat_after(error, failures, timing_, process::random_fraction());
  if (!again) {
    // The buttons stay where they are; pressing them says what became of them.
    log::warn("keyboard.not_shown",
              {{"chat", chat_id}, {"message", keyboard.message_id.value_or(0)}, {"error", error.describe()}});
    failures_.erase(keyboard.id);
    co_return store_.set_shown(keyboard.id);
  }
  if (error.error_code == 429) flood_.refused(chat_id, *again, steady_clock::now());
  co_await async::sleep_for(*again);
}

/// Unless it has become something else while Telegram was asked.
void KeyboardEdits::settle(const KeyboardRow& keyboard, const json::Object& markup) {
  failures_.erase(keyboard.id);
  const auto now = store_.keyboard(keyboard.id);
  if (now && buttons_.shown(*now) == markup) store_.set_shown(keyboard.id);
}

}  // namespace butler::gateway
