#include "gateway/first_version.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace butler::gateway {

namespace {

constexpr std::size_t longest_session_key = 256;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

/// "chat:<id>" or "chat:<id>:thread:<id>".
bool is_route_key(std::string_view key) {
  constexpr std::string_view chat = "chat:";
  constexpr std::string_view thread = ":thread:";
  if (!key.starts_with(chat)) return false;
  key.remove_prefix(chat.size());
  const auto split = key.find(thread);
  if (split == std::string_view::npos) return number_in(key).has_value();
  return number_in(key.substr(0, split)) && number_in(key.substr(split + thread.size()));
}

/// Ids were written as numbers, and as text.
std::optional<std::int64_t> id_in(const json::Value& value) {
  if (const auto* const number = value.if_int64()) return *number > 0 ? std::optional{*number} : std::nullopt;
  const auto* const text = value.if_string();
  const auto id = text == nullptr ? std::nullopt : number_in({text->data(), text->size()});
  return id && *id > 0 ? id : std::nullopt;
}

void read_pairings(const json::Value& pairings, FirstVersionPeople& found) {
  if (pairings.is_null()) return;
  const auto* const object = pairings.if_object();
  const auto* const list = object == nullptr ? nullptr : object->if_contains("allowedUserIds");
  if (list == nullptr || !list->is_array()) {
    found.report.refused.emplace_back("pairings.json has no list \"allowedUserIds\"");
    return;
  }
  for (const auto& value : list->get_array()) {
    if (const auto id = id_in(value)) {
      found.allowed.push_back(*id);
    } else {
      found.report.refused.push_back("the person " + json::serialize(value) + " is no id of Telegram's");
    }
  }
  const auto* const pending = object->if_contains("pendingByUserId");
  const std::size_t waiting = pending != nullptr && pending->is_object() ? pending->get_object().size() : 0;
  if (waiting > 0) {
    found.report.refused.push_back(
        std::to_string(waiting) +
        " people who wait for a pairing: they ask for a new code, the old ones were "
        "good for an hour");
  }
}

void read_sessions(const json::Value& sessions, FirstVersionPeople& found) {
  if (sessions.is_null()) return;
  const auto* const object = sessions.if_object();
  const auto* const routes = object == nullptr ? nullptr : object->if_contains("sessionsByRouteKey");
  if (routes == nullptr || !routes->is_object()) {
    found.report.refused.emplace_back("sessions.json has no object \"sessionsByRouteKey\"");
    return;
  }
  for (const auto& [route, value] : routes->get_object()) {
    const std::string name = "the session of " + std::string{route};
    const auto key = json::find_string(value, "sessionKey");
    const auto* const generation = value.is_object() ? value.get_object().if_contains("generation") : nullptr;
    if (!is_route_key(route)) {
      found.report.refused.push_back(name + " is of no chat");
    } else if (key.empty() || key.size() > longest_session_key) {
      found.report.refused.push_back(name + " has no key of at most 256 characters");
    } else if (generation == nullptr || !generation->is_int64() || generation->get_int64() < 1) {
      found.report.refused.push_back(name + " has no generation of 1 or more");
    } else {
      found.sessions.push_back(
          {.route_key = route, .generation = generation->get_int64(), .key = std::string{key}});
    }
  }
}

}  // namespace

FirstVersionPeople read_first_version(const json::Value& pairings, const json::Value& sessions) {
  FirstVersionPeople found;
  read_pairings(pairings, found);
  read_sessions(sessions, found);
  return found;
}

domain::TakenOver take_over(sql::Database& database, FirstVersionPeople people, domain::Timestamp now) {
  auto report = std::move(people.report);
  const auto count = [&](std::int64_t changed) { ++(changed == 0 ? report.known : report.taken); };
  const auto at = now.time_since_epoch().count();
  database.transact([&] {
    for (const auto id : people.allowed) {
      count(database
                .prepared("INSERT INTO people (person_id, first_name, username, since) VALUES (?, '', '', ?) "
                          "ON CONFLICT (person_id) DO NOTHING")
                .bind(id, at)
                .run());
    }
    for (const auto& session : people.sessions) {
      count(database
                .prepared("INSERT INTO sessions (route_key, generation, session_key, updated_at) "
                          "VALUES (?, ?, ?, ?) ON CONFLICT (route_key) DO NOTHING")
                .bind(session.route_key, session.generation, session.key, at)
                .run());
    }
  });
  return report;
}

}  // namespace butler::gateway
