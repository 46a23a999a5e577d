#include "config/decode.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <sstream>

#include "config/paths.hpp"
#include "config/providers.hpp"
#include "config/values.hpp"
#include "domain/mebibyte.hpp"

namespace butler::config {

namespace {

namespace fs = std::filesystem;

/// Reads variables of the table for one role and notes what is wrong with them.
class Reader {
 public:
  Reader(const Environment& environment, const Place& place, Role role)
      : Reader(environment, place, [role](const Variable& variable) { return variable.roles.has(role); }) {}

  /// For what is no role: the variables that `wanted` picks.
  Reader(const Environment& environment, const Place& place,
         const std::function<bool(const Variable&)>& wanted)
      : environment_(environment), place_(place) {
    for (const Variable& variable : variables()) {
      const Entry* const entry = find(variable.name);
      if (!wanted(variable)) continue;
      if (entry == nullptr) {
        if (variable.required) report(variable.name, "is required: " + std::string{variable.meaning});
      } else if (variable.support == Support::refused) {
        report(variable.name, "is not supported yet; leave it out (" + std::string{variable.meaning} + ")");
      } else if (const auto fault = find_fault(variable, entry->value)) {
        report(variable.name, *fault);
      }
    }
  }

  /// "" when it is not set and has no default.
  std::string text(std::string_view name) const {
    if (const Entry* const entry = find(name)) return entry->value;
    const Variable* const variable = find_variable(name);
    assert(variable != nullptr);
    return std::string{variable->default_value};
  }
  bool set(std::string_view name) const { return find(name) != nullptr; }
  /// 0 for a wrong value: the settings are then thrown away.
  std::int64_t whole(std::string_view name) const { return parse_whole(text(name)).value_or(0); }
  bool flag(std::string_view name) const { return parse_flag(text(name)).value_or(false); }
  Secret secret(std::string_view name) const { return Secret{text(name)}; }
  std::optional<domain::Usd> amount(std::string_view name) const { return domain::parse_usd(text(name)); }
  std::vector<std::int64_t> ids(std::string_view name) const {
    return parse_ids(text(name)).value_or(std::vector<std::int64_t>{});
  }

  fs::path path(std::string_view name, const fs::path& otherwise) const {
    const Entry* const entry = find(name);
    return entry == nullptr ? otherwise : absolute_path(place_.working_directory, entry->value);
  }

  std::string url(std::string_view name, const std::string& otherwise) const {
    std::string address = set(name) ? text(name) : otherwise;
    while (address.ends_with('/')) address.pop_back();
    return address;
  }

  void report(std::string_view name, std::string message) {
    const Entry* const entry = find(name);
    problems_.push_back({.name = std::string{name},
                         .source = entry == nullptr ? "" : entry->source,
                         .message = std::move(message)});
  }

  template <class Settings>
  Decoded<Settings> finish(Settings settings) {
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return settings;
  }

 private:
  const Entry* find(std::string_view name) const {
    const auto entry = environment_.find(name);
    return entry == environment_.end() || entry->second.value.empty() ? nullptr : &entry->second;
  }

  const Environment& environment_;
  const Place& place_;
  Problems problems_;
};

/// Where the orchestrator is: unless somebody says so, where its own variables put it. A certificate is for
/// names, and which of them leads there is not ours to guess.
std::string decode_orchestrator_url(Reader& reader) {
  const std::string url = reader.url("ORCH_BASE_URL", "http://127.0.0.1:" + reader.text("ORCH_PORT"));
  const auto is_secure = [](const std::string& address) { return address.starts_with("https://"); };
  if (!reader.set("ORCH_TLS_CERT") || std::ranges::all_of(split_list(url), is_secure)) return url;
  reader.report("ORCH_BASE_URL",
                "has to be an https:// address with ORCH_TLS_CERT: with a name that the certificate is for, "
                "as in https://orchestrator.example:" +
                    reader.text("ORCH_PORT"));
  return url;
}

TrustedAuthorities decode_authorities(const Reader& reader) {
  return {.file = reader.path("ORCH_TLS_CA", {}), .text = {}};
}

/// A listener that others reach needs TLS.
void decode_listener(Reader& reader, OrchestratorSettings& settings) {
  settings.host = reader.text("ORCH_HOST") == "localhost" ? "127.0.0.1" : reader.text("ORCH_HOST");
  settings.port = static_cast<std::uint16_t>(reader.whole("ORCH_PORT"));
  settings.certificate = reader.path("ORCH_TLS_CERT", {});
  settings.key = reader.path("ORCH_TLS_KEY", {});
  settings.allowed_hosts = split_list(reader.text("ORCH_ALLOWED_HOSTS"));
  if (settings.certificate.empty() != settings.key.empty()) {
    reader.report(settings.key.empty() ? "ORCH_TLS_KEY" : "ORCH_TLS_CERT",
                  "has to be set, too: certificate and key belong together");
  }
  const bool address = is_numeric_address(settings.host);  // else it was told already
  if (address && !is_loopback(settings.host) && settings.certificate.empty() &&
      !reader.flag("ORCH_UNSAFE_PLAIN")) {
    reader.report("ORCH_HOST",
                  "can be reached by others, and a listener that others reach needs TLS: set ORCH_TLS_CERT "
                  "and ORCH_TLS_KEY, or ORCH_UNSAFE_PLAIN=true where only your proxy reaches it");
  }
}

std::vector<std::string> provider_variables(const std::string& provider, const Place& place) {
  std::vector<std::string> names;
  if (const Provider* const known = find_provider(provider)) {
    names.insert(names.end(), known->keys.begin(), known->keys.end());
    names.insert(names.end(), known->extras.begin(), known->extras.end());
  }
  // models.json lies where the agent can write: it may not ask for Butler's own secrets.
  for (const auto& name : place.provider_variables) {
    if (find_variable(name) == nullptr) names.push_back(name);
  }
  return names;
}

std::map<std::string, Secret> find_provider_keys(const Environment& environment, const std::string& provider,
                                                 const Place& place) {
  std::map<std::string, Secret> keys;
  for (const auto& name : provider_variables(provider, place)) {
    const auto entry = environment.find(name);
    if (entry != environment.end() && !entry->second.value.empty()) keys.emplace(name, entry->second.value);
  }
  return keys;
}

/// The program's path made absolute: pi is started in the workspace.
std::vector<std::string> decode_command(const Reader& reader, const Place& place) {
  if (!reader.set("PI_BINARY")) return {(place.default_runtime / "bin/pi").string()};
  auto words = split_command_line(reader.text("PI_BINARY")).value_or(std::vector<std::string>{});
  if (!words.empty() && words.front().find('/') != std::string::npos) {
    words.front() = (place.working_directory / words.front()).lexically_normal().string();
  }
  return words;
}

TranscriptionSettings decode_transcription(Reader& reader) {
  TranscriptionSettings settings{.url = reader.text("WORKER_TRANSCRIBE_URL"),
                                 .key = reader.secret("WORKER_TRANSCRIBE_KEY"),
                                 .model = reader.text("WORKER_TRANSCRIBE_MODEL"),
                                 .command = {}};
  if (reader.set("WORKER_TRANSCRIBE_COMMAND")) {
    settings.command =
        split_command_line(reader.text("WORKER_TRANSCRIBE_COMMAND")).value_or(std::vector<std::string>{});
  }
  if (!settings.url.empty() && !settings.command.empty()) {
    reader.report("WORKER_TRANSCRIBE_COMMAND", "only one of it and WORKER_TRANSCRIBE_URL can be set");
  }
  return settings;
}

void check_heartbeat(Reader& reader) {
  const auto limit = reader.whole("ORCH_LEASE_SECONDS") * 1'000 / 3;
  if (reader.set("WORKER_HEARTBEAT_MS") && reader.whole("WORKER_HEARTBEAT_MS") > limit) {
    reader.report("WORKER_HEARTBEAT_MS",
                  "expected at most a third of ORCH_LEASE_SECONDS, " + std::to_string(limit) + " ms");
  }
}

std::vector<fs::path> decode_read_only_paths(Reader& reader, const Place& place) {
  std::vector<fs::path> paths;
  std::stringstream list{reader.text("WORKER_READ_ONLY_PATHS")};
  for (std::string text; std::getline(list, text, ':');) {
    if (text.empty()) continue;
    const fs::path path = fs::path{text}.lexically_normal();
    const auto inner = place.home.lexically_relative(path);
    if (!path.is_absolute()) {
      reader.report("WORKER_READ_ONLY_PATHS",
                    "expected absolute paths with a colon between, got '" + text + "'");
    } else if (!inner.empty() && *inner.begin() != "..") {
      reader.report(
          "WORKER_READ_ONLY_PATHS",
          text + " holds Butler's own state, which no agent may read; name the folders that are needed");
    }
    paths.push_back(path);
  }
  return paths;
}

SandboxSettings decode_sandbox(Reader& reader, const Place& place) {
  const auto number = [&](std::string_view name) { return static_cast<std::uint64_t>(reader.whole(name)); };
  return {.tier = reader.text("WORKER_SANDBOX"),
          .allow_unsandboxed = reader.flag("WORKER_ALLOW_UNSANDBOXED"),
          .memory_bytes = number("WORKER_MEMORY_MB") * domain::mebibyte,
          .processes = number("WORKER_PROCESSES"),
          .workspace_bytes = number("WORKER_WORKSPACE_MB") * domain::mebibyte,
          .read_only_paths = decode_read_only_paths(reader, place)};
}

/// Telegram takes these characters only.
std::optional<std::string> find_webhook_secret_fault(const std::string& secret) {
  constexpr std::size_t longest = 256;
  if (secret.empty())
    return "has to be set with TG_WEBHOOK_URL: without it anybody could send us updates. openssl rand -hex "
           "32 "
           "makes one";
  const bool fits = std::ranges::all_of(secret, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
  if (fits && secret.size() <= longest) return std::nullopt;
  return "expected at most 256 of A-Z, a-z, 0-9, _ and -: Telegram takes no others. openssl rand -hex 32 "
         "makes "
         "one";
}

/// The cloud's Bot API delivers to these ports only; a server of one's own to any.
void check_webhook_port(Reader& reader, const GatewaySettings& settings) {
  const std::string& url = settings.webhook.url;
  if (!url.starts_with("https://") ||
      settings.telegram_root != find_variable("TELEGRAM_API_ROOT")->default_value)
    return;
  const auto authority = url.substr(8, url.find('/', 8) - 8);
  const auto colon = authority.find(':', authority.find(']') == std::string::npos ? 0 : authority.find(']'));
  const std::string port = colon == std::string::npos ? "443" : authority.substr(colon + 1);
  if (port == "443" || port == "80" || port == "88" || port == "8443") return;
  reader.report("TG_WEBHOOK_URL", "names port " + port + ": Telegram delivers to 443, 80, 88 and 8443 only");
}

void decode_webhook(Reader& reader, const Place& place, GatewaySettings& settings) {
  WebhookSettings& webhook = settings.webhook;
  webhook.url = reader.url("TG_WEBHOOK_URL", "");
  if (!webhook.enabled()) return;
  webhook.secret = reader.secret("TG_WEBHOOK_SECRET");
  webhook.host = reader.text("TG_WEBHOOK_HOST");
  webhook.port = static_cast<std::uint16_t>(reader.whole("TG_WEBHOOK_PORT"));
  if (reader.set("TG_WEBHOOK_CERT")) webhook.certificate = reader.path("TG_WEBHOOK_CERT", place.home);
  if (reader.set("TG_WEBHOOK_KEY")) webhook.key = reader.path("TG_WEBHOOK_KEY", place.home);
  if (const auto fault = find_webhook_secret_fault(webhook.secret.reveal()))
    reader.report("TG_WEBHOOK_SECRET", *fault);
  for (const char* const other : {"TELEGRAM_BOT_TOKEN", "ORCH_GATEWAY_TOKEN"}) {
    if (!webhook.secret.empty() && webhook.secret.reveal() == reader.text(other))
      reader.report("TG_WEBHOOK_SECRET",
                    "is the same as " + std::string{other} + "; expected one of its own");
  }
  if (webhook.certificate.empty() != webhook.key.empty()) {
    reader.report(webhook.key.empty() ? "TG_WEBHOOK_KEY" : "TG_WEBHOOK_CERT",
                  "has to be set, too: certificate and key belong together");
  }
  const bool address = is_numeric_address(webhook.host);  // else it was told already
  if (address && !is_loopback(webhook.host) && webhook.certificate.empty() &&
      !reader.flag("TG_WEBHOOK_UNSAFE_PLAIN")) {
    reader.report(
        "TG_WEBHOOK_HOST",
        "can be reached by others, and a listener that others reach needs TLS: set TG_WEBHOOK_CERT and "
        "TG_WEBHOOK_KEY, or TG_WEBHOOK_UNSAFE_PLAIN=true where only your proxy reaches it");
  }
  check_webhook_port(reader, settings);
}

/// Some providers cannot be used without giving the agent their keys.
void check_provider(Reader& reader, const WorkerSettings& settings) {
  const Provider* const provider = find_provider(settings.provider);
  if (settings.mode != ExecMode::rpc || provider == nullptr || provider->refusal.empty()) return;
  reader.report("PI_PROVIDER", settings.provider + " cannot be used: " + std::string{provider->refusal});
}

}  // namespace

Decoded<OrchestratorSettings> decode_orchestrator(const Environment& environment, const Place& place) {
  Reader reader(environment, place, Role::orchestrator);
  OrchestratorSettings settings;
  settings.home = place.home;
  decode_listener(reader, settings);
  settings.gateway_token = reader.secret("ORCH_GATEWAY_TOKEN");
  settings.worker_token = reader.secret("ORCH_WORKER_TOKEN");
  if (!settings.worker_token.empty() && settings.gateway_token.reveal() == settings.worker_token.reveal()) {
    reader.report("ORCH_WORKER_TOKEN", "is the same as ORCH_GATEWAY_TOKEN; expected two different secrets");
  }
  settings.database_url = reader.secret("ORCH_DATABASE_URL");
  settings.lease = std::chrono::seconds{reader.whole("ORCH_LEASE_SECONDS")};
  settings.session_home = std::chrono::seconds{reader.whole("ORCH_SESSION_HOME_SECONDS")};
  settings.retention = std::chrono::days{reader.whole("ORCH_RETENTION_DAYS")};
  settings.artifact_quota =
      static_cast<std::uint64_t>(reader.whole("ORCH_ARTIFACT_QUOTA_MB")) * domain::mebibyte;
  settings.attachment_wait = std::chrono::seconds{reader.whole("ORCH_ATTACHMENT_SECONDS")};
  return reader.finish(std::move(settings));
}

Decoded<GatewaySettings> decode_gateway(const Environment& environment, const Place& place) {
  Reader reader(environment, place, Role::gateway);
  GatewaySettings settings;
  settings.home = place.home;
  settings.orchestrator_url = decode_orchestrator_url(reader);
  settings.orchestrator_authorities = decode_authorities(reader);
  settings.gateway_token = reader.secret("ORCH_GATEWAY_TOKEN");
  settings.bot_token = reader.secret("TELEGRAM_BOT_TOKEN");
  settings.database_url = reader.secret("GATEWAY_DATABASE_URL");
  settings.telegram_root = reader.url("TELEGRAM_API_ROOT", reader.text("TELEGRAM_API_ROOT"));
  settings.telegram_server_files = reader.path("TELEGRAM_SERVER_FILES", {});
  settings.owners = reader.ids("TG_OWNER_IDS");
  settings.allowed = reader.ids("TG_ALLOW_FROM");
  settings.prompt_max_chars = static_cast<std::size_t>(reader.whole("TG_PROMPT_MAX_CHARS"));
  settings.rate_limit_per_minute = static_cast<std::size_t>(reader.whole("TG_RATE_LIMIT_PER_MIN"));
  settings.gather = std::chrono::milliseconds{reader.whole("TG_GATHER_MS")};
  settings.run_owner_only = reader.flag("TG_RUN_OWNER_ONLY");
  settings.approve_owner_only = reader.flag("TG_APPROVE_OWNER_ONLY");
  settings.allow_requester_abort = reader.flag("TG_ALLOW_REQUESTER_ABORT");
  settings.only_agent_output = reader.flag("TG_ONLY_AGENT_OUTPUT");
  settings.language = reader.text("TG_LANGUAGE");
  settings.notify_tool_events = reader.flag("TG_NOTIFY_TOOL_EVENTS");
  decode_webhook(reader, place, settings);
  return reader.finish(std::move(settings));
}

Decoded<ClientSettings> decode_client(const Environment& environment, const Place& place) {
  static constexpr std::array needed{"ORCH_PORT", "ORCH_BASE_URL", "ORCH_TLS_CERT", "ORCH_TLS_CA",
                                     "ORCH_GATEWAY_TOKEN"};
  Reader reader(environment, place, [](const Variable& variable) {
    return std::ranges::find(needed, variable.name) != needed.end();
  });
  ClientSettings settings;
  settings.home = place.home;
  settings.orchestrator_url = decode_orchestrator_url(reader);
  settings.orchestrator_authorities = decode_authorities(reader);
  settings.gateway_token = reader.secret("ORCH_GATEWAY_TOKEN");
  return reader.finish(std::move(settings));
}

Decoded<WorkerSettings> decode_worker(const Environment& environment, const Place& place) {
  Reader reader(environment, place, Role::worker);
  const auto seconds = [&](std::string_view name) { return std::chrono::seconds{reader.whole(name)}; };
  WorkerSettings settings;
  settings.home = place.home;
  settings.orchestrator_url = decode_orchestrator_url(reader);
  settings.orchestrator_authorities = decode_authorities(reader);
  settings.worker_token = reader.secret("ORCH_WORKER_TOKEN");
  settings.worker_id = reader.set("WORKER_ID") ? reader.text("WORKER_ID") : place.default_worker_id;
  check_heartbeat(reader);
  if (reader.set("WORKER_HEARTBEAT_MS"))
    settings.heartbeat = std::chrono::milliseconds{reader.whole("WORKER_HEARTBEAT_MS")};
  settings.concurrency = static_cast<std::size_t>(reader.whole("WORKER_CONCURRENCY"));
  settings.labels = split_list(reader.text("WORKER_LABELS"));
  settings.provider = reader.text("PI_PROVIDER");
  settings.model = reader.text("PI_MODEL");
  const std::string mode = reader.set("PI_EXEC_MODE")  ? reader.text("PI_EXEC_MODE")
                           : settings.provider.empty() ? "mock"
                                                       : "rpc";
  settings.mode = mode == "rpc" ? ExecMode::rpc : ExecMode::mock;
  check_provider(reader, settings);
  settings.pi_command = decode_command(reader, place);
  settings.provider_keys = find_provider_keys(environment, settings.provider, place);
  settings.budget_per_day = reader.amount("PI_BUDGET_USD_PER_DAY");
  settings.budget_per_job = reader.amount("PI_BUDGET_USD_PER_JOB");
  settings.workspace = reader.path("PI_WORKSPACE", place.home / "workspace");
  settings.session_root = reader.path("PI_SESSION_ROOT", place.home / "sessions");
  if (reader.set("PI_APPEND_SYSTEM_PROMPT"))
    settings.append_system_prompt = reader.text("PI_APPEND_SYSTEM_PROMPT");
  settings.idle_limit = seconds("PI_IDLE_SECONDS");
  settings.spawn_timeout = seconds("PI_SPAWN_TIMEOUT_S");
  settings.silence_timeout = seconds("PI_SILENCE_TIMEOUT_S");
  settings.job_timeout = seconds("PI_JOB_TIMEOUT_S");
  settings.mock_step = std::chrono::milliseconds{reader.whole("PI_MOCK_STEP_MS")};
  settings.mcp_bin_dir = reader.path("BUTLER_MCP_BIN_DIR", place.home / "mcp/bin");
  settings.time_zone = reader.text("TZ");
  settings.sandbox = decode_sandbox(reader, place);
  settings.transcription = decode_transcription(reader);
  if (settings.sandbox.tier == "none" && !settings.sandbox.allow_unsandboxed) {
    reader.report("WORKER_SANDBOX", "none has to be allowed by WORKER_ALLOW_UNSANDBOXED=true as well");
  }
  return reader.finish(std::move(settings));
}

std::map<std::string, std::string> select_variables(const Environment& environment, const Place& place,
                                                    Role role) {
  std::map<std::string, std::string> selected;
  const auto take = [&](std::string_view name) {
    const auto entry = environment.find(name);
    if (entry != environment.end() && !entry->second.value.empty())
      selected.emplace(name, entry->second.value);
  };
  for (const Variable& variable : variables()) {
    if (variable.roles.has(role)) take(variable.name);
  }
  if (role == Role::worker) {
    const auto provider = environment.find("PI_PROVIDER");
    const std::string name = provider == environment.end() ? "" : provider->second.value;
    for (const auto& variable : provider_variables(name, place)) take(variable);
  }
  selected.insert_or_assign("BUTLER_HOME", place.home.string());
  return selected;
}

std::string decode_log_level(const Environment& environment) {
  const auto entry = environment.find("BUTLER_LOG_LEVEL");
  const Variable* const variable = find_variable("BUTLER_LOG_LEVEL");
  const bool usable = entry != environment.end() && !entry->second.value.empty() &&
                      !find_fault(*variable, entry->second.value);
  return usable ? entry->second.value : std::string{variable->default_value};
}

std::vector<std::string> describe_ineffective(const Environment& environment) {
  std::vector<std::string> sentences;
  for (const Variable& variable : variables()) {
    const auto entry = environment.find(variable.name);
    if (entry == environment.end() || entry->second.value.empty()) continue;
    const std::string subject = entry->first + " (" + entry->second.source + ")";
    if (variable.support == Support::ignored)
      sentences.push_back(subject + " has no effect: " + std::string{variable.meaning});
    if (variable.support == Support::planned && entry->second.value != variable.default_value) {
      sentences.push_back(subject + " has no effect yet in this version");
    }
  }
  return sentences;
}

}  // namespace butler::config
