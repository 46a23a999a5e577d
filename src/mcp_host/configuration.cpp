#include "mcp_host/configuration.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "json/value.hpp"

namespace butler::mcp_host {

namespace {

constexpr std::size_t shortest_secret = 8;
constexpr std::size_t longest_name = 32;
constexpr std::size_t longest_tool_name = 128;
constexpr std::int64_t longest_timeout_seconds = 3600;

/// Why a part of the file cannot be used. Carried up through the readers below, and caught where they begin.
struct Wrong {
  std::string what;
};

[[noreturn]] void wrong(const std::string& where, const std::string& what) {
  throw Wrong{.what = where + ": " + what};
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

const json::Object& object_at(const json::Value& value, const std::string& where) {
  const auto* object = value.if_object();
  if (object == nullptr) wrong(where, "expected an object");
  return *object;
}

std::string text_at(const json::Value& value, const std::string& where) {
  const auto* text = value.if_string();
  if (text == nullptr || text->empty()) wrong(where, "expected a text that is not empty");
  return std::string{std::string_view{*text}};
}

void refuse_other_members(const json::Object& object, const std::string& where,
                          std::span<const std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::ranges::find(known, key) == known.end()) {
      wrong(where, "unknown member \"" + std::string{key} + "\"");
    }
  }
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view{"!#$%&'*+-.^_`|~"}.contains(c);
  });
}

/// What the worker itself says to the server.
bool is_our_own_header(std::string_view name) {
  static constexpr std::array<std::string_view, 10> ours{
      "host",   "content-length",  "content-type",   "transfer-encoding",    "connection",
      "accept", "accept-encoding", "mcp-session-id", "mcp-protocol-version", "expect"};
  return std::ranges::any_of(ours, [name](std::string_view one) { return http::same_name(one, name); });
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

http::Url read_url(const json::Value& value, const std::string& where) {
  auto url = http::Url::parse(text_at(value, where));
  if (!url) {
    wrong(where, "expected https://host/path without user, query or fragment; a key belongs into headers");
  }
  const bool here = url->host == "127.0.0.1" || url->host == "localhost" || url->host == "::1";
  if (!url->tls && !here) wrong(where, "expected https: a secret is sent there; http only for this machine");
  return std::move(*url);
}

std::vector<std::pair<std::string, std::string>> read_headers(const json::Value& value,
                                                              const std::string& where) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& member : object_at(value, where)) {
    std::string name{std::string_view{member.key()}};
    if (!is_header_name(name)) wrong(where, "a header's name has other characters than it may have");
    if (is_our_own_header(name)) wrong(where, "the header " + name + " is the worker's own");
    std::string text = text_at(member.value(), where + "/" + name);
    if (std::ranges::any_of(text, is_control)) wrong(where + "/" + name, "control characters cannot be sent");
    headers.emplace_back(std::move(name), std::move(text));
  }
  return headers;
}

std::vector<std::string> read_command(const json::Value& value, const std::string& where) {
  const auto* array = value.if_array();
  if (array == nullptr || array->empty()) wrong(where, "expected [\"program\", \"argument\", …]");
  std::vector<std::string> command;
  for (const auto& item : *array) {
    const auto* word = item.if_string();
    if (word == nullptr || std::string_view{*word}.contains('\0')) wrong(where, "expected texts only");
    command.emplace_back(std::string_view{*word});
  }
  if (command.front().empty()) wrong(where, "the program has no name");
  return command;
}

std::map<std::string, std::string> read_environment(const json::Value& value, const std::string& where) {
  std::map<std::string, std::string> environment;
  for (const auto& member : object_at(value, where)) {
    std::string name{std::string_view{member.key()}};
    if (!is_variable_name(name)) wrong(where, "a variable's name has other characters than it may have");
    const auto* text = member.value().if_string();
    if (text == nullptr || std::string_view{*text}.contains('\0'))
      wrong(where + "/" + name, "expected a text");
    environment.emplace(std::move(name), std::string_view{*text});
  }
  return environment;
}

ToolList read_tools(const json::Object& server, const std::string& where) {
  const auto* found = server.if_contains("tools");
  const auto* array = found == nullptr ? nullptr : found->if_array();
  if (array == nullptr || array->empty()) {
    wrong(where, "expected the names of the tools that agents may call, or [\"*\"] for all of them");
  }
  ToolList tools;
  for (const auto& item : *array) {
    std::string tool = text_at(item, where);
    if (tool.size() > longest_tool_name || std::ranges::any_of(tool, is_control)) {
      wrong(where, "a tool's name is too long, or has control characters");
    }
    tools.names.insert(std::move(tool));
  }
  if (!tools.names.contains("*")) return tools;
  if (tools.names.size() > 1) wrong(where, "\"*\" stands for all tools, so it stands alone");
  return {.all = true};
}

RemoteServer read_remote(const json::Object& server, const std::string& where) {
  static constexpr std::array<std::string_view, 4> known{"url", "headers", "tools", "timeoutSeconds"};
  refuse_other_members(server, where, known);
  RemoteServer remote{.url = read_url(server.at("url"), where + "/url")};
  if (const auto* headers = server.if_contains("headers")) {
    remote.headers = read_headers(*headers, where + "/headers");
  }
  return remote;
}

LocalServer read_local(const json::Object& server, const std::string& where) {
  static constexpr std::array<std::string_view, 4> known{"command", "env", "tools", "timeoutSeconds"};
  refuse_other_members(server, where, known);
  LocalServer local{.command = read_command(server.at("command"), where + "/command")};
  if (const auto* environment = server.if_contains("env")) {
    local.environment = read_environment(*environment, where + "/env");
  }
  return local;
}

std::shared_ptr<const Server> read_server(std::string name, const json::Value& value) {
  const std::string where = "servers/" + name;
  const auto& object = object_at(value, where);
  Server server{.name = std::move(name)};
  if (object.contains("url") == object.contains("command")) {
    wrong(where, "expected either \"url\" or \"command\"");
  } else if (object.contains("url")) {
    server.place = read_remote(object, where);
  } else {
    server.place = read_local(object, where);
  }
  server.tools = read_tools(object, where + "/tools");
  if (const auto* timeout = object.if_contains("timeoutSeconds")) {
    const auto* seconds = timeout->if_int64();
    if (seconds == nullptr || *seconds < 1 || *seconds > longest_timeout_seconds) {
      wrong(where + "/timeoutSeconds", "expected a whole number from 1 to 3600");
    }
    server.timeout = std::chrono::seconds{*seconds};
  }
  return std::make_shared<const Server>(std::move(server));
}

}  // namespace

std::vector<std::string> Server::secrets() const {
  std::vector<std::string> found;
  const auto add = [&found](std::string_view text) {
    if (text.size() >= shortest_secret) found.emplace_back(text);
  };
  if (const auto* remote = std::get_if<RemoteServer>(&place)) {
    for (const auto& [header, value] : remote->headers) {
      add(value);
      if (const auto space = value.find(' '); space != std::string::npos) add(value.substr(space + 1));
    }
  } else {
    for (const auto& [variable, value] : std::get<LocalServer>(place).environment) add(value);
  }
  // The longest first: what is part of another must not be what is left of it.
  std::ranges::sort(found, std::ranges::greater{}, &std::string::size);
  return found;
}

bool is_server_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && is_lower_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

std::expected<Servers, std::string> parse_configuration(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  try {
    static constexpr std::array<std::string_view, 1> known{"servers"};
    const auto& file = object_at(*value, "the file");
    refuse_other_members(file, "the file", known);
    const auto* listed = file.if_contains("servers");
    if (listed == nullptr) wrong("the file", "expected the member \"servers\"");
    Servers servers;
    for (const auto& member : object_at(*listed, "servers")) {
      std::string name{std::string_view{member.key()}};
      if (!is_server_name(name)) {
        wrong("servers", "a name has up to 32 of a-z, 0-9 and -, and does not begin with -");
      }
      auto server = read_server(name, member.value());
      servers.emplace(std::move(name), std::move(server));
    }
    return servers;
  } catch (const Wrong& problem) {
    return std::unexpected(problem.what);
  }
}

}  // namespace butler::mcp_host
