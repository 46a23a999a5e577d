#include "doctor/checks.hpp"

#include <array>
#include <vector>

namespace butler::doctor {

using std::chrono::seconds;

namespace {

constexpr std::array check_table{
    Check{{"configuration", "every setting is understood and allowed"}, seconds{5}, check_configuration},
    Check{{"secrets", "bot token, API secrets and keys are no placeholders, not short, not equal"},
          seconds{5},
          check_secrets},
    Check{{"users", "the system users of a service that root starts are there"}, seconds{5}, check_users},
    Check{{"permissions", "nobody else reads or changes settings, secrets, databases and folders"},
          seconds{5},
          check_permissions},
    Check{{"databases", "state.db and gateway.db are undamaged and fit this program"},
          seconds{60},
          check_databases},
    Check{{"disk", "there is room for databases and workspace"}, seconds{5}, check_disk},
    Check{{"clock", "the clock agrees with Telegram's", true}, seconds{10}, check_clock},
    Check{{"telegram", "Telegram takes the bot's token", true}, seconds{15}, check_telegram},
    Check{{"webhook", "updates reach us: no foreign webhook takes them, and ours works", true},
          seconds{15},
          check_webhook},
    Check{{"pollers", "nobody else polls for this bot", true}, seconds{20}, check_pollers},
    Check{{"port", "the orchestrator's port is free, or held by our own"}, seconds{5}, check_port},
    Check{{"certificate",
           "the orchestrator's certificate and key belong together, are private and not expired"},
          seconds{5},
          check_certificate},
    Check{{"address", "an orchestrator that is called over TLS answers, with a certificate that is trusted",
           true},
          seconds{10},
          check_address},
    Check{
        {"roles", "the roles that run are well, and one supervisor has the home"}, seconds{10}, check_roles},
    Check{{"runtime", "Node.js, pi and mcporter are there, in the pinned versions"},
          seconds{30},
          check_runtime},
    Check{{"turn", "the real pi does a scripted turn with a tool call, in its sandbox"},
          seconds{90},
          check_turn},
    Check{{"provider", "the model's provider takes its key", true}, seconds{20}, check_provider},
    Check{{"sandbox", "the probe cannot get out of the agents' sandbox"}, seconds{180}, check_sandbox},
    Check{{"policy", "the policy file is right, or there is none"}, seconds{5}, check_policy},
    Check{{"mcp", "MCP configuration and wrappers are right and up to date"}, seconds{30}, check_mcp},
    Check{{"memory", "SOUL.md and MEMORY.md are the agent's to read and write"}, seconds{5}, check_memory},
};

constexpr auto descriptions = [] {
  std::array<CheckDescription, check_table.size()> all{};
  for (std::size_t at = 0; at < all.size(); ++at) all[at] = check_table[at].description;
  return all;
}();

}  // namespace

std::span<const Check> checks() { return check_table; }

std::span<const CheckDescription> list_checks() { return descriptions; }

}  // namespace butler::doctor
