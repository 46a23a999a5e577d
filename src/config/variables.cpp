#include "config/variables.hpp"

#include <algorithm>
#include <array>

namespace butler::config {

namespace {

constexpr Roles none{};
constexpr Roles all{.orchestrator = true, .gateway = true, .worker = true};
constexpr Roles orchestrator{.orchestrator = true};
constexpr Roles gateway{.gateway = true};
constexpr Roles worker{.worker = true};
constexpr Roles clients{.gateway = true, .worker = true};
constexpr Roles orchestrator_and_gateway{.orchestrator = true, .gateway = true};
constexpr Roles orchestrator_and_worker{.orchestrator = true, .worker = true};

constexpr std::int64_t day = 86'400;

// clang-format off
constexpr auto variable_table = std::to_array<Variable>({
    {.name = "TELEGRAM_BOT_TOKEN", .kind = Kind::bot_token, .roles = gateway,
     .meaning = "the bot's token, from @BotFather", .required = true},
    {.name = "TG_OWNER_IDS", .kind = Kind::ids, .roles = gateway,
     .meaning = "numeric Telegram ids of the owners, comma separated (@userinfobot tells yours)", .required = true},
    {.name = "PI_PROVIDER", .kind = Kind::name, .roles = worker,
     .meaning = "the model provider, as pi names it; its key goes into the provider's own variable"},
    {.name = "PI_MODEL", .kind = Kind::text, .roles = worker,
     .meaning = "the provider's model", .derived_default = "pi's choice for the provider"},

    {.name = "BUTLER_HOME", .kind = Kind::path, .roles = all,
     .meaning = "the folder of all state",
     .derived_default = ".data in a checkout, /var/lib/butler for root, else ~/.butler"},
    {.name = "BUTLER_ENV_FILE", .kind = Kind::path, .roles = none,
     .meaning = "the file read instead of .env, empty for none; in the environment only",
     .derived_default = ".env in a checkout, else <home>/.env"},
    {.name = "BUTLER_LOG_LEVEL", .kind = Kind::choice, .roles = all, .default_value = "info",
     .meaning = "the least level of the log lines that are written", .choices = "debug|info|warn|error"},
    {.name = "BUTLER_MCP_BIN_DIR", .kind = Kind::path, .roles = worker,
     .meaning = "the folder that comes first on the agent's PATH", .derived_default = "<home>/mcp/bin"},
    {.name = "TZ", .kind = Kind::text, .roles = all,
     .meaning = "the time zone of dates and daily notes, as in Europe/Berlin", .derived_default = "the system's"},

    {.name = "ORCH_HOST", .kind = Kind::address, .roles = orchestrator, .default_value = "127.0.0.1",
     .meaning = "the address that the orchestrator listens on; one that others reach needs ORCH_TLS_CERT"},
    {.name = "ORCH_PORT", .kind = Kind::whole, .roles = all, .default_value = "8787",
     .meaning = "the port that the orchestrator listens on", .least = 1, .most = 65'535},
    {.name = "ORCH_BASE_URL", .kind = Kind::urls, .roles = clients,
     .meaning = "where gateway and worker find the orchestrator, or several that share a database", .derived_default = "http://127.0.0.1:<ORCH_PORT>"},
    {.name = "ORCH_GATEWAY_TOKEN", .kind = Kind::secret, .roles = orchestrator_and_gateway,
     .meaning = "the gateway's API secret; butler up makes one when it is not set", .required = true},
    {.name = "ORCH_WORKER_TOKEN", .kind = Kind::secret, .roles = orchestrator_and_worker,
     .meaning = "the worker's API secret; butler up makes one when it is not set", .required = true},
    {.name = "ORCH_LEASE_SECONDS", .kind = Kind::whole, .roles = orchestrator_and_worker, .default_value = "30",
     .meaning = "how long a worker may stay silent before its job is taken away", .least = 1, .most = 3'600},
    {.name = "ORCH_SESSION_HOME_SECONDS", .kind = Kind::whole, .roles = orchestrator, .default_value = "300",
     .meaning = "how long a session waits for the worker that has its files", .least = 0, .most = day},
    {.name = "ORCH_RETENTION_DAYS", .kind = Kind::whole, .roles = orchestrator, .default_value = "90",
     .meaning = "how long finished jobs are kept", .least = 1, .most = 36'500},
    {.name = "ORCH_ARTIFACT_QUOTA_MB", .kind = Kind::whole, .roles = orchestrator, .default_value = "10240",
     .meaning = "the most that the files of all jobs may occupy, in MiB", .least = 1, .most = 1'048'576},
    {.name = "ORCH_ATTACHMENT_SECONDS", .kind = Kind::whole, .roles = orchestrator, .default_value = "600",
     .meaning = "how long a job waits for its attachments before it is aborted", .least = 1, .most = day},
    {.name = "ORCH_TLS_CERT", .kind = Kind::path, .roles = all,
     .meaning = "the certificate of the orchestrator's listener with its chain, PEM; every call is made over TLS then, and ORCH_BASE_URL has to be set",
     .derived_default = "none: plain HTTP, for this machine only"},
    {.name = "ORCH_TLS_KEY", .kind = Kind::path, .roles = orchestrator,
     .meaning = "the certificate's key, PEM, without a password"},
    {.name = "ORCH_TLS_CA", .kind = Kind::path, .roles = clients,
     .meaning = "the certificates of the authorities, PEM, that ORCH_BASE_URL's certificate may be signed by; or that certificate itself",
     .derived_default = "those that the system trusts"},
    {.name = "ORCH_ALLOWED_HOSTS", .kind = Kind::hosts, .roles = orchestrator,
     .meaning = "more names and addresses by which the orchestrator may be called, as ORCH_BASE_URL has them, comma separated",
     .derived_default = "this machine's loopback names and ORCH_HOST only"},
    {.name = "ORCH_UNSAFE_PLAIN", .kind = Kind::flag, .roles = orchestrator, .default_value = "false",
     .meaning = "whether ORCH_HOST may be an address that others reach without TLS, where only a proxy reaches it"},
    {.name = "ORCH_DATABASE_URL", .kind = Kind::database_url, .roles = orchestrator,
     .meaning = "a PostgreSQL database, which several orchestrators may share", .derived_default = "SQLite in the home"},
    {.name = "GATEWAY_DATABASE_URL", .kind = Kind::database_url, .roles = gateway,
     .meaning = "a PostgreSQL database for the gateway, not the orchestrator's", .derived_default = "SQLite in the home"},

    {.name = "TELEGRAM_API_ROOT", .kind = Kind::url, .roles = gateway, .default_value = "https://api.telegram.org",
     .meaning = "the Bot API server"},
    {.name = "TELEGRAM_SERVER_FILES", .kind = Kind::path, .roles = gateway,
     .meaning = "the folder of a Bot API server of your own that runs with --local on this machine: files that people send are read from there",
     .derived_default = "none: files come from the server, up to 20 MB"},
    {.name = "TG_ALLOW_FROM", .kind = Kind::ids, .roles = gateway,
     .meaning = "numeric ids of people who are allowed without pairing"},
    {.name = "TG_PROMPT_MAX_CHARS", .kind = Kind::whole, .roles = gateway, .default_value = "8000",
     .meaning = "the longest prompt; of a longer text the beginning, and all of it as a file", .least = 1, .most = 20'000},
    {.name = "TG_RATE_LIMIT_PER_MIN", .kind = Kind::whole, .roles = gateway, .default_value = "12",
     .meaning = "tasks a person may give in a minute, 0 for any number", .least = 0, .most = 1'000},
    {.name = "TG_GATHER_MS", .kind = Kind::whole, .roles = gateway, .default_value = "500",
     .meaning = "how long a message waits for the next one while something runs, so that they become one task; 0: not at all",
     .least = 0, .most = 5'000},
    {.name = "TG_RUN_OWNER_ONLY", .kind = Kind::flag, .roles = gateway, .default_value = "true",
     .meaning = "whether only owners may use /run"},
    {.name = "TG_APPROVE_OWNER_ONLY", .kind = Kind::flag, .roles = gateway, .default_value = "true",
     .meaning = "whether only owners may approve; if not, people may approve their own"},
    {.name = "TG_ALLOW_REQUESTER_ABORT", .kind = Kind::flag, .roles = gateway, .default_value = "true",
     .meaning = "whether people may abort their own jobs"},
    {.name = "TG_ONLY_AGENT_OUTPUT", .kind = Kind::flag, .roles = gateway, .default_value = "true",
     .meaning = "whether notices about jobs and tools are hidden"},
    {.name = "TG_NOTIFY_TOOL_EVENTS", .kind = Kind::flag, .roles = gateway, .default_value = "false",
     .meaning = "whether the tools that a job uses are told; not while TG_ONLY_AGENT_OUTPUT is true"},
    {.name = "TG_LANGUAGE", .kind = Kind::choice, .roles = gateway, .default_value = "auto",
     .meaning = "the language that Butler speaks in chats; auto is each person's own in Telegram, or English",
     .choices = "auto|en|de"},
    {.name = "TG_WEBHOOK_URL", .kind = Kind::url, .roles = gateway,
     .meaning = "the public address at which Telegram delivers updates; without it Butler fetches them, which needs no address",
     .derived_default = "none: long polling"},
    {.name = "TG_WEBHOOK_SECRET", .kind = Kind::secret, .roles = gateway,
     .meaning = "what Telegram's deliveries have to show, A-Z, a-z, 0-9, _ and -; has to be set with TG_WEBHOOK_URL (openssl rand -hex 32)"},
    {.name = "TG_WEBHOOK_HOST", .kind = Kind::address, .roles = gateway, .default_value = "127.0.0.1",
     .meaning = "the address that the webhook's listener listens on; one that others reach needs TG_WEBHOOK_CERT"},
    {.name = "TG_WEBHOOK_PORT", .kind = Kind::whole, .roles = gateway, .default_value = "8443",
     .meaning = "the port that the webhook's listener listens on", .least = 1, .most = 65'535},
    {.name = "TG_WEBHOOK_CERT", .kind = Kind::path, .roles = gateway,
     .meaning = "the listener's certificate with its chain, PEM; a self-signed one is given to Telegram",
     .derived_default = "none: plain HTTP, behind a proxy with TLS"},
    {.name = "TG_WEBHOOK_KEY", .kind = Kind::path, .roles = gateway,
     .meaning = "the certificate's key, PEM, without a password"},
    {.name = "TG_WEBHOOK_UNSAFE_PLAIN", .kind = Kind::flag, .roles = gateway, .default_value = "false",
     .meaning = "whether TG_WEBHOOK_HOST may be an address that others reach without TLS, where only a proxy reaches it"},
    {.name = "TG_JOB_POLL_MS", .kind = Kind::text, .meaning = "of the first version; nothing polls any more",
     .support = Support::ignored},

    {.name = "WORKER_ID", .kind = Kind::name, .roles = worker,
     .meaning = "the worker's name in logs and leases", .derived_default = "<host>-<process id>"},
    {.name = "WORKER_CONCURRENCY", .kind = Kind::whole, .roles = worker, .default_value = "2",
     .meaning = "jobs at the same time", .least = 1, .most = 64},
    {.name = "WORKER_HEARTBEAT_MS", .kind = Kind::whole, .roles = worker,
     .meaning = "how often the worker reports; at most a third of the lease", .least = 50, .most = 1'200'000,
     .derived_default = "a third of the lease"},
    {.name = "WORKER_LABELS", .kind = Kind::labels, .roles = worker,
     .meaning = "what this worker is for, comma separated"},
    {.name = "WORKER_SANDBOX", .kind = Kind::choice, .roles = worker, .default_value = "auto",
     .meaning = "how the agent is contained; auto is bwrap, else landlock, never none; vm needs butler vm create --image full",
     .choices = "auto|vm|bwrap|landlock|none"},
    {.name = "WORKER_ALLOW_UNSANDBOXED", .kind = Kind::flag, .roles = worker, .default_value = "false",
     .meaning = "whether WORKER_SANDBOX=none may be used, for the jobs of owners only"},
    {.name = "WORKER_MEMORY_MB", .kind = Kind::whole, .roles = worker, .default_value = "2048",
     .meaning = "the memory of one agent with all that it starts", .least = 256, .most = 1'048'576},
    {.name = "WORKER_PROCESSES", .kind = Kind::whole, .roles = worker, .default_value = "256",
     .meaning = "the processes and threads of one agent with all that it starts", .least = 32, .most = 65'536},
    {.name = "WORKER_WORKSPACE_MB", .kind = Kind::whole, .roles = worker, .default_value = "4096",
     .meaning = "how large the files of one workspace may grow", .least = 1, .most = 1'048'576},
    {.name = "WORKER_READ_ONLY_PATHS", .kind = Kind::text, .roles = worker,
     .meaning = "more files and folders that agents may read, absolute paths with a colon between"},
    {.name = "WORKER_TRANSCRIBE_URL", .kind = Kind::url, .roles = worker,
     .meaning = "a service that writes voice messages down, which speaks OpenAI's /v1/audio/transcriptions",
     .derived_default = "voice messages stay recordings"},
    {.name = "WORKER_TRANSCRIBE_KEY", .kind = Kind::secret, .roles = worker,
     .meaning = "the key of that service, for the worker only"},
    {.name = "WORKER_TRANSCRIBE_MODEL", .kind = Kind::text, .roles = worker, .default_value = "whisper-1",
     .meaning = "the model that the service is asked for"},
    {.name = "WORKER_TRANSCRIBE_COMMAND", .kind = Kind::command, .roles = worker,
     .meaning = "instead of a service, a command that gets a recording's path last and prints its text; it runs in the sandbox"},
    {.name = "WORKER_POLL_MS", .kind = Kind::text, .meaning = "of the first version; nothing polls any more",
     .support = Support::ignored},

    {.name = "PI_EXEC_MODE", .kind = Kind::choice, .roles = worker,
     .meaning = "rpc runs pi, mock only answers", .choices = "mock|rpc",
     .derived_default = "rpc when PI_PROVIDER is set, else mock"},
    {.name = "PI_BINARY", .kind = Kind::command, .roles = worker,
     .meaning = "the command line that starts pi", .derived_default = "the pinned pi, <home>/runtime/bin/pi"},
    {.name = "PI_WORKSPACE", .kind = Kind::path, .roles = worker,
     .meaning = "the folder that the agent works in", .derived_default = "<home>/workspace"},
    {.name = "PI_SESSION_ROOT", .kind = Kind::path, .roles = worker,
     .meaning = "the folder of the agent's session files", .derived_default = "<home>/sessions"},
    {.name = "PI_APPEND_SYSTEM_PROMPT", .kind = Kind::text, .roles = worker,
     .meaning = "text for the agent's system prompt", .derived_default = "how to use SOUL.md and MEMORY.md"},
    {.name = "PI_IDLE_SECONDS", .kind = Kind::whole, .roles = worker, .default_value = "600",
     .meaning = "how long an idle agent process is kept", .least = 0, .most = 30 * day},
    {.name = "PI_SPAWN_TIMEOUT_S", .kind = Kind::whole, .roles = worker, .default_value = "30",
     .meaning = "how long pi may take to start", .least = 1, .most = 3'600},
    {.name = "PI_SILENCE_TIMEOUT_S", .kind = Kind::whole, .roles = worker, .default_value = "600",
     .meaning = "how long pi may say nothing while it works", .least = 1, .most = 30 * day},
    {.name = "PI_JOB_TIMEOUT_S", .kind = Kind::whole, .roles = worker, .default_value = "3600",
     .meaning = "how long a job may run", .least = 1, .most = 30 * day},
    {.name = "PI_BUDGET_USD_PER_DAY", .kind = Kind::amount, .roles = worker,
     .meaning = "the most that all jobs of this worker may cost in a day", .derived_default = "none"},
    {.name = "PI_BUDGET_USD_PER_JOB", .kind = Kind::amount, .roles = worker,
     .meaning = "the most that one job may cost", .derived_default = "none"},
    {.name = "PI_MOCK_STEP_MS", .kind = Kind::whole, .roles = worker, .default_value = "200",
     .meaning = "how long each of the mock's four steps takes, 0 for at once", .least = 0, .most = 600'000},
});
// clang-format on

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::orchestrator: return "orchestrator";
    case Role::gateway: return "gateway";
    case Role::worker: return "worker";
  }
  return "?";
}

std::span<const Variable> variables() { return variable_table; }

const Variable* find_variable(std::string_view name) {
  const auto* const found = std::ranges::find(variable_table, name, &Variable::name);
  return found == variable_table.end() ? nullptr : found;
}

std::string describe_allowed(const Variable& variable) {
  switch (variable.kind) {
    case Kind::text: return "text";
    case Kind::name: return "1 to 64 letters, digits, '.', '_' and '-'";
    case Kind::path: return "a path";
    case Kind::whole:
      return "a whole number from " + std::to_string(variable.least) + " to " + std::to_string(variable.most);
    case Kind::flag: return "true or false";
    case Kind::choice: {
      std::string choices{variable.choices};
      for (auto bar = choices.find('|'); bar != std::string::npos; bar = choices.find('|')) {
        choices.replace(bar, 1, " or ");
      }
      return choices;
    }
    case Kind::secret: return "a random secret of at least 16 characters";
    case Kind::bot_token: return "a bot token as @BotFather gives it, 123456789:AbC…";
    case Kind::address: return "a numeric address of this machine, as 127.0.0.1, ::1 or 0.0.0.0";
    case Kind::url: return "https://host[:port][/path], or http:// to this machine";
    case Kind::urls: return "https://host[:port][/path], or http:// to this machine; several comma separated";
    case Kind::database_url: return "postgresql://user:password@host[:port]/database";
    case Kind::hosts: return "names of machines and numeric addresses, without ports, comma separated";
    case Kind::ids: return "numeric ids, comma separated";
    case Kind::labels: return "names of letters, digits, '.', '_' and '-', comma separated";
    case Kind::command: return "a command line";
    case Kind::amount: return "an amount of US dollars above 0, as in 5 or 0.25";
  }
  return "?";
}

}  // namespace butler::config
