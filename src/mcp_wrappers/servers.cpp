#include "mcp_wrappers/servers.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "mcp_wrappers/reading.hpp"

namespace butler::mcp_wrappers {

namespace {

using Names = std::set<std::string>;

// The names of mcporter 0.12.3 (its config-schema.js).
constexpr auto address_members =
    std::to_array<std::string_view>({"url", "baseUrl", "base_url", "serverUrl", "server_url"});
constexpr auto server_members = std::to_array<std::string_view>({"description",
                                                                 "url",
                                                                 "baseUrl",
                                                                 "base_url",
                                                                 "serverUrl",
                                                                 "server_url",
                                                                 "command",
                                                                 "executable",
                                                                 "args",
                                                                 "cwd",
                                                                 "headers",
                                                                 "env",
                                                                 "auth",
                                                                 "tokenCacheDir",
                                                                 "token_cache_dir",
                                                                 "clientName",
                                                                 "client_name",
                                                                 "oauthClientId",
                                                                 "oauth_client_id",
                                                                 "oauthClientSecret",
                                                                 "oauth_client_secret",
                                                                 "oauthClientSecretEnv",
                                                                 "oauth_client_secret_env",
                                                                 "oauthTokenEndpointAuthMethod",
                                                                 "oauth_token_endpoint_auth_method",
                                                                 "oauthRedirectUrl",
                                                                 "oauth_redirect_url",
                                                                 "oauthScope",
                                                                 "oauth_scope",
                                                                 "oauthCommand",
                                                                 "oauth_command",
                                                                 "bearerToken",
                                                                 "bearer_token",
                                                                 "bearerTokenEnv",
                                                                 "bearer_token_env",
                                                                 "refresh",
                                                                 "httpFetch",
                                                                 "http_fetch",
                                                                 "lifecycle",
                                                                 "logging",
                                                                 "allowedTools",
                                                                 "allowed_tools",
                                                                 "blockedTools",
                                                                 "blocked_tools"});
constexpr auto file_members = std::to_array<std::string_view>(
    {"mcpServers", "imports", "daemonIdleTimeoutMs", "daemon_idle_timeout_ms", "$schema"});

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::string_view leading_name(std::string_view text) {
  if (text.empty() || !is_name_start(text.front())) return {};
  const auto end = std::ranges::find_if_not(text, is_name_part);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

void collect_variables(std::string_view text, Names& names) {
  for (const std::string_view mark : {"${", "$env:"}) {
    for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      const auto name = leading_name(text.substr(at + mark.size()));
      if (!name.empty()) names.emplace(name);
    }
  }
}

/// Whatever stands in the definition; a member like "bearerTokenEnv" names a variable outright.
void collect_variables(const json::Value& value, Names& names) {
  if (const auto* text = value.if_string()) {
    collect_variables(std::string_view{*text}, names);
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) collect_variables(item, names);
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string_view key = member.key();
      const auto* text_value = member.value().if_string();
      if (text_value != nullptr && (key.ends_with("Env") || key.ends_with("_env"))) {
        if (const auto name = leading_name(*text_value); !name.empty()) names.emplace(name);
      }
      collect_variables(member.value(), names);
    }
  }
}

void expect_texts(const json::Object& server, const char* name, const std::string& where) {
  const auto* listed = server.if_contains(name);
  if (listed == nullptr) return;
  for (const auto& item : expect_array(*listed, where + "/" + name)) {
    if (!item.is_string()) refuse_file(where + "/" + name, "expected texts only");
  }
}

void expect_text_members(const json::Object& server, const char* name, const std::string& where) {
  const auto* object = server.if_contains(name);
  if (object == nullptr) return;
  for (const auto& member : expect_object(*object, where + "/" + name)) {
    if (!member.value().is_string())
      refuse_file(where + "/" + name + "/" + std::string{std::string_view{member.key()}}, "expected a text");
  }
}

/// A path would start from the file's folder here, and from the agent's there.
void expect_absolute(const std::string& path, const std::string& where) {
  if (path.starts_with('~') || !std::filesystem::path{path}.is_absolute())
    refuse_file(where, "a path has to be absolute: it is used from whatever folder the agent is in");
}

void check_command(const json::Object& server, const std::string& where) {
  for (const char* const name : {"command", "executable"}) {
    const auto* command = server.if_contains(name);
    if (command == nullptr) continue;
    const auto place = where + "/" + name;
    const auto* words = command->if_array();
    if (words != nullptr && words->empty()) refuse_file(place, "expected a program");
    if (words != nullptr) expect_texts(server, name, where);
    const auto program = expect_text(words == nullptr ? *command : words->front(), place);
    if (program.substr(0, program.find(' ')).contains('/')) expect_absolute(program, place);
  }
  if (const auto* folder = server.if_contains("cwd"))
    expect_absolute(expect_text(*folder, where + "/cwd"), where + "/cwd");
}

Server read_wrapped_server(const json::Value& value, const std::string& where) {
  const auto& definition = expect_object(value, where);
  refuse_unknown_members(definition, where, server_members);
  Server server{.definition = definition, .remote = false, .variables = {}};
  for (const auto name : address_members) {
    if (const auto* address = definition.if_contains(name)) {
      expect_text(*address, where + "/" + std::string{name});
      server.remote = true;
    }
  }
  const bool local = definition.contains("command") || definition.contains("executable");
  if (server.remote == local) refuse_file(where, "expected either \"command\" or \"url\"");
  check_command(definition, where);
  for (const char* const name : {"args", "allowedTools", "allowed_tools", "blockedTools", "blocked_tools"})
    expect_texts(definition, name, where);
  for (const char* const name : {"env", "headers"}) expect_text_members(definition, name, where);
  Names names;
  collect_variables(value, names);
  for (const char* const always : {"PATH", "HOME", "LANG", "TMPDIR"}) names.erase(always);
  server.variables.assign(names.begin(), names.end());
  return server;
}

void check_imports(const json::Object& file) {
  const auto* imports = file.if_contains("imports");
  const auto* listed = imports == nullptr ? nullptr : imports->if_array();
  if (listed == nullptr || !listed->empty()) {
    refuse_file("imports",
                "expected \"imports\": []; else mcporter takes in the servers that editors have configured");
  }
}

}  // namespace

std::vector<std::string> variables_in(std::string_view text) {
  Names names;
  collect_variables(text, names);
  return {names.begin(), names.end()};
}

std::expected<Servers, std::string> parse_servers(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  try {
    const auto& file = expect_object(*value, "the file");
    refuse_unknown_members(file, "the file", file_members);
    check_imports(file);
    Servers servers;
    for (const auto& member : expect_object(expect_member(file, "mcpServers", "the file"), "mcpServers")) {
      std::string name{std::string_view{member.key()}};
      auto server = read_wrapped_server(member.value(), "mcpServers/" + name);
      servers.emplace(std::move(name), std::move(server));
    }
    return servers;
  } catch (const WrongFile& problem) {
    return std::unexpected(problem.what);
  }
}

std::string configuration_for(const std::string& name, const Server& server) {
  auto definition = server.definition;
  definition["lifecycle"] = "ephemeral";
  return json::serialize(
      json::Object{{"mcpServers", json::Object{{name, std::move(definition)}}}, {"imports", json::Array{}}});
}

}  // namespace butler::mcp_wrappers
