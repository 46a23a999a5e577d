#include "doctor/agent_check.hpp"

#include <utility>

#include "doctor/checks.hpp"
#include "doctor/program.hpp"
#include "doctor/runtime_check.hpp"
#include "doctor/trial.hpp"
#include "json/value.hpp"

namespace butler::doctor {

namespace {

constexpr const char* mock_words =
    "No model provider is set: a mock answers, and starts no agent (PI_PROVIDER).";

std::string first_lines(std::string text) {
  constexpr std::size_t enough = 400;
  for (auto& c : text) {
    if (c == '\n') c = ' ';
  }
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return text.size() > enough ? text.substr(0, enough) + "…" : text;
}

std::string joined_with_commas(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : ", ") + part;
  return all;
}

bool is_real(const config::WorkerSettings& settings) { return settings.mode == config::ExecMode::rpc; }

/// What a helper of our own has printed: one JSON object.
std::expected<json::Value, std::string> read_helper(const ProgramEnd& end) {
  if (!end.fault.empty()) return std::unexpected(end.fault);
  auto value = json::parse(end.output);
  if (value) return value;
  const auto said = last_line(end.errors);
  return std::unexpected("it ended with " + std::to_string(end.code) + (said.empty() ? "" : ": " + said));
}

}  // namespace

Finding judge_turn(const TurnFacts& facts) {
  if (!facts.real) return left_out(mock_words);
  if (facts.tier == "vm")
    return left_out("Agents run in virtual machines, which take long to start: butler sandbox run -- true.");
  constexpr const char* should = "pi starts, its tool gate loads, its shell works and its model is reached.";
  if (!facts.fault.empty())
    return wrong("No trial took place: " + first_lines(facts.fault) + ".", should, "butler sandbox explain");
  if (!facts.passed) {
    return wrong("pi does not do a scripted turn: " + first_lines(facts.reason) + ".", should,
                 facts.runtime.empty() ? "butler config unset PI_BINARY" : reinstall_runtime(facts.runtime));
  }
  return all_well("pi does a scripted turn with a tool call in the sandbox " + facts.sandbox + ".");
}

Finding judge_sandbox(const SandboxFacts& facts) {
  if (!facts.real) return left_out(mock_words);
  if (facts.tier.empty()) {
    return wrong("Nothing can contain agents here: " + first_lines(facts.fault) + ".",
                 "bubblewrap or Landlock contains them.", "apt-get install bubblewrap");
  }
  if (facts.tier == "none") {
    return doubtful("WORKER_SANDBOX=none: agents can read and write all that their user can.",
                    "bubblewrap contains them.", "butler config set WORKER_SANDBOX auto");
  }
  if (facts.tier == "vm") return left_out("Agents run in virtual machines: butler vm status.");
  const std::string command = "butler sandbox test --tier " + facts.tier;
  if (!facts.probed)
    return wrong("The probe did not run: " + first_lines(facts.fault) + ".", "It runs.", command);
  if (!facts.open.empty())
    return wrong("The sandbox " + facts.tier + " is open: " + joined_with_commas(facts.open) + ".",
                 "The probe finds no door open.", command, "It says what would mend it.");
  if (!facts.broken.empty())
    return wrong("In the sandbox " + facts.tier +
                     " something does not work: " + joined_with_commas(facts.broken) + ".",
                 "Agents can work.", command);
  if (!facts.passed) return wrong("The probe of " + facts.tier + " did not pass.", "It passes.", command);
  if (facts.tier == "landlock" && facts.wanted == "auto") {
    return doubtful("Agents are contained by Landlock, which holds, but less than bubblewrap would.",
                    "bubblewrap contains them.", "butler sandbox explain", "It says why it is not bwrap.");
  }
  return all_well("The probe finds no way out of the sandbox " + facts.tier + ".");
}

void read_sandbox_report(const std::string& report, SandboxFacts& facts) {
  const auto parsed = json::parse(report);
  const auto* const tiers = parsed ? json::find(*parsed, "tiers") : nullptr;
  if (tiers == nullptr || !tiers->is_array() || tiers->get_array().empty()) return;
  const auto& tier = tiers->get_array().front();
  facts.probed = json::find_true(tier, "complete");
  facts.passed = json::find_true(*parsed, "passed");
  const auto* const attempts = json::find(tier, "attempts");
  if (attempts == nullptr || !attempts->is_array()) return;
  for (const auto& attempt : attempts->get_array()) {
    const auto result = json::find_string(attempt, "result");
    if (result == "open") facts.open.emplace_back(json::find_string(attempt, "openMeans"));
    if (result == "broken") facts.broken.emplace_back(json::find_string(attempt, "id"));
  }
}

boost::asio::awaitable<Findings> check_turn(const Context& context) {
  if (!context.worker) co_return Findings{left_out("The worker's configuration is wrong.")};
  TurnFacts facts{.real = is_real(*context.worker), .tier = context.worker->sandbox.tier};
  if (!facts.real || facts.tier == "vm") co_return Findings{judge_turn(facts)};
  facts.runtime = runtime_folder(*context.worker);
  std::vector<std::string> words{this_program(), trial_command, "turn"};
  const auto end = co_await run_program(context.executor, std::move(words));
  const auto said = read_helper(end);
  if (!said) {
    facts.fault = said.error();
  } else {
    facts.passed = json::find_true(*said, "passed");
    facts.sandbox = json::find_string(*said, "sandbox");
    facts.reason = json::find_string(*said, "reason");
    facts.fault = json::find_string(*said, "fault");
  }
  co_return Findings{judge_turn(facts)};
}

boost::asio::awaitable<Findings> check_sandbox(const Context& context) {
  if (!context.worker) co_return Findings{left_out("The worker's configuration is wrong.")};
  SandboxFacts facts{.real = is_real(*context.worker), .wanted = context.worker->sandbox.tier};
  if (!facts.real) co_return Findings{judge_sandbox(facts)};
  std::vector<std::string> words{this_program(), trial_command, "tier"};
  const auto asked = co_await run_program(context.executor, std::move(words));
  const auto said = read_helper(asked);
  if (said) {
    facts.tier = json::find_string(*said, "tier");
    facts.fault = json::find_string(*said, "fault");
  } else {
    facts.fault = said.error();
  }
  if (facts.tier != "bwrap" && facts.tier != "landlock") co_return Findings{judge_sandbox(facts)};
  std::vector<std::string> probe{this_program(), "sandbox", "test", "--json", "--tier", facts.tier};
  const auto end = co_await run_program(context.executor, std::move(probe));
  facts.fault = end.fault.empty() ? last_line(end.errors) : end.fault;
  read_sandbox_report(end.output, facts);
  co_return Findings{judge_sandbox(facts)};
}

}  // namespace butler::doctor
