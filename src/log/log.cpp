#include "log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "domain/utf8.hpp"

namespace butler::log {

namespace {

constexpr std::size_t shortest_secret = 8;
constexpr std::size_t longest_value = 2'000;
constexpr std::string_view redaction = "[redacted]";

/// What the whole process shares: the role's name and the secrets. The role logs from one thread; the lock is
/// for the few that do not.
struct State {
  std::mutex mutex;
  std::string role = "butler";
  std::vector<std::string> secrets;
};

/// The fields of the scopes that are open on this thread.
std::vector<std::pair<std::string, std::string>>& scopes() {
  thread_local std::vector<std::pair<std::string, std::string>> open;
  return open;
}

State& state() {
  static State instance;
  return instance;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("butler", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

void redact_in(std::string& text) {
  for (const auto& secret : state().secrets) {
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + redaction.size())) {
      text.replace(at, secret.size(), redaction);
    }
  }
}

/// What is written as it is, without quotes.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F;
  });
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

void append_value(std::string& line, std::string_view value) {
  // Most values are ids and names: what follows has nothing to change in them.
  if (value.size() <= longest_value && is_plain(value) && is_ascii(value)) {
    line.append(value);
    return;
  }
  const std::string clean = domain::to_valid_utf8(domain::shorten(value, longest_value));
  if (is_plain(clean)) {
    line.append(clean);
    return;
  }
  line.push_back('"');
  for (const char c : clean) {
    switch (c) {
      case '\n': line.append("\\n"); break;
      case '\r': line.append("\\r"); break;
      case '\t': line.append("\\t"); break;
      case '"': line.append("\\\""); break;
      case '\\': line.append("\\\\"); break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
          line.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
        } else {
          line.push_back(c);
        }
    }
  }
  line.push_back('"');
}

void append_field(std::string& line, std::string_view name, std::string value) {
  redact_in(value);
  line.append(" ").append(name).append("=");
  append_value(line, value);
}

std::string body(std::string_view event, Fields fields) {
  const std::scoped_lock lock(state().mutex);
  std::string line;
  line.reserve(256);
  line.append("role=").append(state().role).append(" event=").append(event);
  for (const Field& field : fields) append_field(line, field.name, field.value);
  for (const auto& [name, value] : scopes()) append_field(line, name, value);
  return line;
}

void write(spdlog::level::level_enum level, std::string_view event, Fields fields) {
  if (!logger().should_log(level)) return;
  logger().log(level, spdlog::string_view_t{body(event, fields)});
}

constexpr std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warning";
    case Level::error: return "error";
  }
  return "?";
}

}  // namespace

void start(std::string_view role, Level least) {
  const std::scoped_lock lock(state().mutex);
  state().role = role;
  logger().set_level(least == Level::debug  ? spdlog::level::debug
                     : least == Level::info ? spdlog::level::info
                     : least == Level::warn ? spdlog::level::warn
                                            : spdlog::level::err);
}

void redact(std::string_view secret) {
  if (secret.size() < shortest_secret) return;
  const std::scoped_lock lock(state().mutex);
  // Longest first: of a secret that contains another one, the rest would stay readable.
  auto& secrets = state().secrets;
  const auto shorter =
      std::ranges::find_if(secrets, [&](const std::string& known) { return known.size() < secret.size(); });
  secrets.emplace(shorter, secret);
}

Scope::Scope(std::string_view name, std::string_view value) { scopes().emplace_back(name, value); }
Scope::~Scope() { scopes().pop_back(); }

void debug(std::string_view event, Fields fields) { write(spdlog::level::debug, event, fields); }
void info(std::string_view event, Fields fields) { write(spdlog::level::info, event, fields); }
void warn(std::string_view event, Fields fields) { write(spdlog::level::warn, event, fields); }
void error(std::string_view event, Fields fields) { write(spdlog::level::err, event, fields); }

std::string format_line(Level level, std::string_view event, Fields fields) {
  return "level=" + std::string{level_name(level)} + " " + body(event, fields);
}

}  // namespace butler::log
