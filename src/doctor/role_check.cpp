#include "doctor/role_check.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "doctor/checks.hpp"
#include "doctor/machine_look.hpp"
#include "process/installation.hpp"

namespace butler::doctor {

namespace {

constexpr std::array role_names{"orchestrator", "gateway", "worker"};

std::string title_of(const RoleFacts::One& role) {
  return "The " + role.name + " (process " + std::to_string(role.answer.pid) + ")";
}

/// "polling" or "webhook": {"ok": false, "trouble": …} of the gateway, "orchestratorReachable": false of the
/// worker.
std::string find_trouble(const json::Value& health) {
  const auto* const webhook = json::find(health, "webhook");
  const auto* const hearing = webhook != nullptr ? webhook : json::find(health, "polling");
  if (hearing != nullptr && !json::find_true(*hearing, "ok")) {
    const auto words = json::find_string(*hearing, "trouble");
    return "it does not hear Telegram" + (words.empty() ? "" : ": " + std::string{words});
  }
  const auto* const reaches = json::find(health, "orchestratorReachable");
  if (reaches != nullptr && !json::find_true(health, "orchestratorReachable"))
    return "it does not reach the orchestrator";
  if (const auto* const orchestrator = json::find(health, "orchestrator");
      orchestrator != nullptr && orchestrator->is_object() && !json::find_true(*orchestrator, "reachable"))
    return "it does not reach the orchestrator";
  if (const auto problem = json::find_string(health, "policyProblem"); !problem.empty())
    return std::string{problem};
  if (json::find_true(health, "starting")) return "it is still starting";
  if (!json::find_true(health, "ok")) return "it says that it is not well";
  return "";
}

/// Why there is no answer of use although somebody listens.
std::string find_fault(const admin::RoleAnswer& answer) {
  if (answer.kind == admin::RoleAnswer::Kind::silent)
    return answer.fault.empty() ? "it is silent" : answer.fault;
  return answer.status == 200 && answer.body.is_object() ? "" : "it answers " + std::to_string(answer.status);
}

Finding judge_role(const RoleFacts::One& role, const std::string& start) {
  const auto& answer = role.answer;
  const auto fault = find_fault(answer);
  if (!fault.empty()) {
    const std::string is = title_of(role) + " runs and does not answer: " + fault + ".";
    constexpr const char* should = "It answers at once.";
    if (answer.pid <= 0) return wrong(is, should, start);
    return wrong(is, should, "kill -TERM " + std::to_string(answer.pid),
                 "What supervises it starts it again.");
  }
  const auto trouble = find_trouble(answer.body);
  if (!trouble.empty())
    return wrong(title_of(role) + " is not well: " + trouble + ".", "It is well.", "butler logs " + role.name,
                 "Where Butler is no service, its log is in the terminal where butler up runs.");
  return all_well(title_of(role) + " is well.");
}

}  // namespace

Findings judge_roles(const RoleFacts& facts) {
  Findings findings;
  bool denied = false;
  std::string missing;
  for (const auto& role : facts.roles) {
    denied = denied || role.answer.kind == admin::RoleAnswer::Kind::forbidden;
    if (role.answer.listens()) {
      findings.push_back(judge_role(role, facts.start));
    } else {
      missing += (missing.empty() ? "" : ", ") + role.name;
    }
  }
  if (denied) return {left_out("The roles' sockets are another user's: ask as root.")};
  if (findings.empty() && !facts.supervisor)
    return {all_well("Butler does not run in " + facts.home + "; its lock is free.")};
  if (!missing.empty() && facts.supervisor) {
    const auto pid = std::to_string(*facts.supervisor);
    findings.push_back(wrong("Process " + pid + " has the lock of " + facts.home +
                                 ", but these roles do not run: " + missing + ".",
                             "butler up has all three roles running.", "kill -TERM " + pid,
                             "Then: " + facts.start));
  } else if (!missing.empty()) {
    findings.push_back(left_out("Not running here: " + missing + ". That is right where it runs elsewhere."));
  }
  return findings;
}

Finding judge_port(const PortFacts& facts) {
  const std::string place = facts.host + ":" + std::to_string(facts.port);
  if (facts.free) return all_well(place + " is free for the orchestrator.");
  if (!facts.fault.empty()) {
    return wrong(place + " cannot be listened on: " + facts.fault + ".",
                 "ORCH_HOST is an address of this machine and ORCH_PORT is open to this user.",
                 "butler config set ORCH_PORT 8788");
  }
  if (facts.ours > 0 && (facts.holder == 0 || facts.holder == facts.ours)) {
    return all_well(place + " is our own orchestrator's (process " + std::to_string(facts.ours) + ").");
  }
  const std::string holder =
      facts.holder > 0 ? "process " + std::to_string(facts.holder) + " (" + facts.holder_command + ")"
                       : "another process";
  return wrong(place + " is taken by " + holder + ".",
               "It is free, or our own orchestrator's: stop the other, or choose another port.",
               facts.holder > 0 ? "kill " + std::to_string(facts.holder)
                                : "ss -ltnp 'sport = :" + std::to_string(facts.port) + "'",
               "Another port: butler config set ORCH_PORT");
}

boost::asio::awaitable<Findings> check_roles(const Context& context) {
  RoleFacts facts{
      .home = context.home().string(), .supervisor = {}, .roles = {}, .start = process::start_command()};
  facts.supervisor = find_lock_holder(context.home() / "butler.lock");
  for (const char* const name : role_names) {
    auto answer = co_await health_of(context, name);
    facts.roles.push_back({.name = name, .answer = std::move(answer)});
  }
  co_return judge_roles(facts);
}

boost::asio::awaitable<Findings> check_port(const Context& context) {
  if (!context.orchestrator) co_return Findings{left_out("The orchestrator's configuration is wrong.")};
  PortFacts facts{.host = context.orchestrator->host, .port = context.orchestrator->port};
  const auto answer = co_await health_of(context, "orchestrator");
  facts.ours = answer.pid;
  const auto state = try_port(facts.host, context.orchestrator->port);
  facts.free = state.free;
  facts.fault = state.fault;
  facts.holder = state.holder;
  facts.holder_command = state.holder_command;
  co_return Findings{judge_port(facts)};
}

}  // namespace butler::doctor
