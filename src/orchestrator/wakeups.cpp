#include "orchestrator/wakeups.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "async/event.hpp"
#include "json/value.hpp"
#include "log/log.hpp"

namespace butler::orchestrator {

namespace asio = boost::asio;

namespace {

/// Between two looks; what was announced before the last one and is not heard by now was missed.
constexpr std::chrono::milliseconds look_interval{2'500};

constexpr std::array<std::pair<char, Topic::Kind>, 5> letters{{{'c', Topic::Kind::claim},
                                                               {'j', Topic::Kind::job},
                                                               {'e', Topic::Kind::events},
                                                               {'l', Topic::Kind::lease},
                                                               {'d', Topic::Kind::deliveries}}};

/// A letter for the kind, then the key.
std::string to_word(const Topic& topic) {
  const auto* const found = std::ranges::find(letters, topic.kind, &std::pair<char, Topic::Kind>::second);
  return found->first + topic.key;
}

std::optional<Topic> from_word(const json::Value& value) {
  if (!value.is_string() || value.as_string().empty()) return std::nullopt;
  const std::string_view word{value.as_string()};
  const auto* const found = std::ranges::find(letters, word.front(), &std::pair<char, Topic::Kind>::first);
  if (found == letters.end()) return std::nullopt;
  return Topic{found->second, std::string{word.substr(1)}};
}

}  // namespace

std::vector<std::string> to_announcements(const std::vector<Topic>& topics, std::size_t most) {
  std::vector<std::string> texts;
  std::string text;
  for (const auto& topic : topics) {
    const auto word = json::serialize(json::Value(to_word(topic)));
    if (!text.empty() && text.size() + word.size() + 3 > most) {
      texts.push_back("[" + std::exchange(text, {}) + "]");
    }
    if (!text.empty()) text += ',';
    text += word;
  }
  if (!text.empty()) texts.push_back("[" + text + "]");
  return texts;
}

std::optional<std::vector<Topic>> from_announcement(std::string_view text) {
  const auto value = json::parse(text);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<Topic> topics;
  for (const auto& word : value->as_array()) {
    auto topic = from_word(word);
    if (!topic) return std::nullopt;
    topics.push_back(*std::move(topic));
  }
  return topics;
}

asio::awaitable<void> Wakeups::listen() {
  store::Peers::Hooks hooks{.heard = [this](const store::Peers::Announcement& one) { hear(one); },
                            .listening = [this] { begin_hearing(); }};
  co_await peers_.listen(executor_, std::move(hooks));
}

void Wakeups::begin_hearing() {
  heard_ = announced();
  commits_.hear_all();
}

void Wakeups::hear(const store::Peers::Announcement& announcement) {
  const bool missed = heard_ && announcement.number > *heard_ + 1;
  if (heard_) heard_ = std::max(*heard_, announcement.number);
  if (missed) {
    log::warn("wakeups.missed", {{"number", announcement.number}});
    commits_.hear_all();
    return;
  }
  if (announcement.from == peers_.name()) return;
  if (const auto topics = from_announcement(announcement.text)) {
    commits_.hear(*topics);
  } else {
    commits_.hear_all();
  }
}

/// nullopt while the store is away.
std::optional<std::int64_t> Wakeups::announced() {
  try {
    return peers_.announced();
  } catch (const store::StoreFault& fault) {
    log::debug("store.error", {{"error", fault.what()}});
    return std::nullopt;
  }
}

asio::awaitable<void> Wakeups::look_for_missed() {
  for (;;) {
    co_await async::sleep_for(look_interval);
    const auto number = announced();
    if (!number) {
      heard_.reset();
      continue;
    }
    if (!heard_ || announced_before_ > *heard_) {
      if (heard_) log::warn("wakeups.missed", {{"number", announced_before_}});
      heard_ = number;
      commits_.hear_all();
    }
    announced_before_ = *number;
  }
}

}  // namespace butler::orchestrator
