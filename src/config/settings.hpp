#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/client_settings.hpp"
#include "config/secret.hpp"
#include "domain/usd.hpp"

/// Typed configuration of each role: what load() (config/load.hpp) makes of the environment and .env. A
/// role's struct holds only what that role may know.
namespace butler::config {

struct OrchestratorSettings {
  std::filesystem::path home;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8787;
  std::filesystem::path certificate;  ///< "" for plain HTTP
  std::filesystem::path key;
  std::vector<std::string> allowed_hosts;  ///< by which it may be called, beside `host` and loopback's names
  Secret gateway_token;
  Secret worker_token;
  Secret database_url;  ///< of a PostgreSQL database; "": SQLite in the home
  std::chrono::seconds lease{30};
  std::chrono::seconds session_home{300};
  std::chrono::days retention{90};
  std::uint64_t artifact_quota = std::uint64_t{10} << 30U;  ///< bytes, of all jobs together
  std::chrono::seconds attachment_wait{600};
};

/// How updates come to us instead of being fetched. Without a URL there is no webhook, and no listener.
struct WebhookSettings {
  std::string url;  ///< what Telegram is told; its path is what the listener answers
  Secret secret;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8'443;
  std::filesystem::path certificate;  ///< "" for plain HTTP, behind a proxy that has the certificate
  std::filesystem::path key;

  bool enabled() const { return !url.empty(); }
};

struct GatewaySettings {
  std::filesystem::path home;
  std::string orchestrator_url;
  TrustedAuthorities orchestrator_authorities;
  Secret gateway_token;
  Secret bot_token;
  Secret database_url;  ///< of a PostgreSQL database; "": SQLite in the home
  std::string telegram_root = "https://api.telegram.org";
  std::filesystem::path telegram_server_files;  ///< of a local Bot API server; "" for none
  std::vector<std::int64_t> owners;
  std::vector<std::int64_t> allowed;  ///< people who need no pairing
  std::size_t prompt_max_chars = 8'000;
  std::size_t rate_limit_per_minute = 12;  ///< requests of one person; 0 for any number
  std::chrono::milliseconds gather{500};  ///< for a person's next message while something runs; 0: not at all
  bool run_owner_only = true;
  bool approve_owner_only = true;
  bool allow_requester_abort = true;
  bool only_agent_output = true;  ///< no notices that a job was created, started, finished, or uses a tool
  std::string language = "auto";  ///< of what Butler itself says: "en", "de", or "auto" for each person's own
  bool notify_tool_events = false;  ///< without effect while only_agent_output
  WebhookSettings webhook = {};
};

/// How agents are contained: WORKER_SANDBOX and what belongs to it.
struct SandboxSettings {
  std::string tier = "auto";  ///< auto, vm, bwrap, landlock, none
  bool allow_unsandboxed = false;
  std::uint64_t memory_bytes = std::uint64_t{2} << 30U;
  std::uint64_t processes = 256;
  std::uint64_t workspace_bytes = std::uint64_t{4} << 30U;
  std::vector<std::filesystem::path> read_only_paths;
};

/// Voice messages as text: by a service or by a local command, off when neither is set.
struct TranscriptionSettings {
  std::string url;  ///< of a service that speaks OpenAI's /v1/audio/transcriptions
  Secret key;
  std::string model = "whisper-1";
  std::vector<std::string> command;
};

enum class ExecMode : std::uint8_t { mock, rpc };

struct WorkerSettings {
  std::filesystem::path home;
  std::string orchestrator_url;
  TrustedAuthorities orchestrator_authorities;
  Secret worker_token;
  std::string worker_id;
  std::optional<std::chrono::milliseconds> heartbeat;  ///< unset: a third of the lease
  std::size_t concurrency = 2;
  std::vector<std::string> labels;
  ExecMode mode = ExecMode::mock;
  std::vector<std::string> pi_command;  ///< PI_BINARY split as a shell would, or <home>/runtime/bin/pi
  std::string provider;
  std::string model;
  std::map<std::string, Secret> provider_keys;  ///< the provider's own variables, for the model proxy only
  std::optional<domain::Usd> budget_per_day;    ///< unset: none
  std::optional<domain::Usd> budget_per_job;
  std::filesystem::path workspace;
  std::filesystem::path session_root;
  std::optional<std::string> append_system_prompt;
  std::chrono::seconds idle_limit{600};
  std::chrono::seconds spawn_timeout{30};
  std::chrono::seconds silence_timeout{600};
  std::chrono::seconds job_timeout{3600};
  std::chrono::milliseconds mock_step{200};
  std::filesystem::path mcp_bin_dir;
  std::string time_zone;  ///< TZ, "" for the system's
  SandboxSettings sandbox;
  TranscriptionSettings transcription;
};

}  // namespace butler::config
