#include <algorithm>
#include <array>
#include <ranges>
#include <set>

#include "api/describe.hpp"
#include "console/job_text.hpp"
#include "console/status.hpp"
#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "domain/job_words.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"
#include "terminal/table.hpp"

// What `butler status` makes of what it was told.
namespace butler::console {

namespace {

using Health = RoleState::Health;
using domain::JobStatus;

constexpr std::size_t most_jobs_shown = 10;
constexpr std::size_t longest_call_line = 100;

RoleState& say_of(RoleState& state, Health health, std::string words) {
  state.health = health;
  state.words = std::move(words);
  return state;
}

std::string count_of(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

void add_to(std::string& words, const std::string& more) { words += (words.empty() ? "" : ", ") + more; }

RoleState gateway_state(RoleState state) {
  const auto& health = state.detail;
  if (json::find_true(health, "standby")) {
    return say_of(state, Health::well, "stands by: another gateway of this bot works");
  }
  if (json::find_true(health, "starting")) {
    return say_of(state, Health::troubled, "starting: Telegram has not told yet which bot this is");
  }
  std::string words;
  if (const auto* bot = json::find(health, "bot")) {
    add_to(words, "@" + std::string{json::find_string(*bot, "username")});
  }
  const auto* webhook = json::find(health, "webhook");
  if (webhook != nullptr) add_to(words, "webhook at " + std::string{json::find_string(*webhook, "host")});
  const auto* hearing = webhook != nullptr ? webhook : json::find(health, "polling");
  const auto trouble = hearing == nullptr ? std::string_view{} : json::find_string(*hearing, "trouble");
  if (!trouble.empty()) add_to(words, std::string{trouble});
  const auto* orchestrator = json::find(health, "orchestrator");
  if (orchestrator != nullptr && !json::find_true(*orchestrator, "reachable")) {
    add_to(words, "does not reach the orchestrator");
  }
  if (const auto outbox = json::find_integer(health, "outbox"); outbox > 0) {
    add_to(words, count_of(outbox, "message to be sent", "messages to be sent"));
  }
  if (const auto dead = json::find_integer(health, "deadLetters"); dead > 0) {
    add_to(words, count_of(dead, "message given up", "messages given up"));
  }
  return say_of(state, json::find_true(health, "ok") ? Health::well : Health::troubled, words);
}

RoleState worker_state(RoleState state) {
  const auto& health = state.detail;
  std::string words{json::find_string(health, "mode")};
  add_to(words, std::to_string(json::find_integer(health, "running")) + " of " +
                    count_of(json::find_integer(health, "slots"), "slot", "slots") + " at work");
  const auto sandbox = json::find_string(health, "sandbox");
  if (!sandbox.empty()) add_to(words, "sandbox " + std::string{sandbox});
  add_to(words, "policy " + std::string{json::find_string(health, "policy")});
  const bool reaches = json::find_true(health, "orchestratorReachable");
  if (!reaches) add_to(words, "does not reach the orchestrator");
  const auto problem = json::find_string(health, "policyProblem");
  if (!problem.empty()) add_to(words, std::string{problem});
  return say_of(state, reaches && problem.empty() ? Health::well : Health::troubled, words);
}

std::string about_worker(const api::WorkerPresence& worker, domain::Timestamp now) {
  std::string words = worker.worker_id + " ";
  words += worker.last_seen_at ? "was seen " + domain::age(now - *worker.last_seen_at) + " ago"
                               : "has not been seen yet";
  if (worker.running > 0) words += " with " + count_of(worker.running, "job", "jobs");
  return words;
}

/// Those that are present; if none is, those that were.
void place_absent_worker(RoleState& role, const std::vector<api::WorkerPresence>& workers,
                         domain::Timestamp now) {
  constexpr std::size_t most_named = 5;
  const bool some = std::ranges::any_of(workers, &api::WorkerPresence::present);
  std::string words;
  std::size_t named = 0;
  for (const auto& worker : workers) {
    if (worker.present == some && ++named <= most_named) add_to(words, about_worker(worker, now));
  }
  if (named > most_named) add_to(words, "and " + std::to_string(named - most_named) + " more");
  say_of(role, some ? Health::elsewhere : Health::absent, std::move(words));
}

std::string health_words(Health health, const terminal::Palette& palette) {
  switch (health) {
    case Health::well: return palette.paint("well", terminal::Style::green);
    case Health::troubled: return palette.paint("in trouble", terminal::Style::red);
    case Health::unknown: return palette.paint("unknown", terminal::Style::yellow);
    case Health::absent: return palette.paint("not running here", terminal::Style::red);
    case Health::elsewhere: return palette.paint("elsewhere", terminal::Style::green);
  }
  return "?";
}

std::size_t count_in(const Status& status, JobStatus wanted) {
  return static_cast<std::size_t>(std::ranges::count(status.open_jobs, wanted, &domain::Job::status));
}

std::string queue_words(const Status& status) {
  const auto stopping = count_in(status, JobStatus::aborting);
  std::string words = std::to_string(count_in(status, JobStatus::running)) + " running, " +
                      std::to_string(count_in(status, JobStatus::queued)) + " queued, " +
                      std::to_string(count_in(status, JobStatus::needs_approval)) + " waiting for approval";
  if (stopping > 0) words += ", " + std::to_string(stopping) + " stopping";
  return words;
}

std::string panic_words(const Status& status, const terminal::Palette& palette) {
  if (!status.paused) return "off";
  std::string words = palette.paint("on", terminal::Style::red);
  if (status.pause_reason) words += ": " + terminal::printable_line(*status.pause_reason);
  return words + " (butler panic off goes on)";
}

std::string lists_of(const Status& status, domain::Timestamp now) {
  std::set<std::string> deciding;
  for (const auto& call : status.waiting_calls) deciding.insert(call.job.id);
  std::string text;
  for (const auto& job : status.open_jobs | std::views::take(most_jobs_shown)) {
    text += "  " + terminal::printable_line(domain::job_line(job, now, deciding.contains(job.id))) + "\n";
  }
  if (!text.empty()) text.insert(0, "\nJobs\n");
  if (status.open_jobs.size() > most_jobs_shown) text += "  … (butler jobs shows more)\n";
  if (!status.waiting_calls.empty()) text += "\nWaiting for a decision\n";
  for (const auto& call : status.waiting_calls) {
    const auto& approval = call.approval;
    text += "  " + domain::short_job_id(approval.id) + " · " +
            short_line(approval.tool_name + ": " + approval.summary, longest_call_line) +
            " (butler job show " + domain::short_job_id(call.job.id) + ")\n";
  }
  return text;
}

}  // namespace

RoleState read_health(std::string_view role, const admin::RoleAnswer& answer) {
  RoleState state{.name = std::string{role}};
  switch (answer.kind) {
    case admin::RoleAnswer::Kind::absent: return state;
    case admin::RoleAnswer::Kind::forbidden:
      return say_of(state, Health::unknown,
                    "another user has started it: run this as that user (sudo butler status)");
    case admin::RoleAnswer::Kind::silent: return say_of(state, Health::troubled, "does not answer");
    case admin::RoleAnswer::Kind::answered: break;
  }
  state.detail = answer.body;
  if (answer.status != 200)
    return say_of(state, Health::troubled, "answers " + std::to_string(answer.status));
  if (role == "gateway") return gateway_state(std::move(state));
  if (role == "worker") return worker_state(std::move(state));
  return say_of(state, json::find_true(answer.body, "ok") ? Health::well : Health::troubled, "");
}

bool Status::well() const {
  return trouble.empty() && std::ranges::none_of(roles, [](const RoleState& role) {
           return role.health == Health::troubled || role.health == Health::absent;
         });
}

void place_absent_roles(Status& status, domain::Timestamp now) {
  for (auto& role : status.roles) {
    if (role.health != Health::absent) continue;
    if (role.name == "orchestrator") say_of(role, Health::elsewhere, "answers at " + status.url);
    if (role.name == "worker") place_absent_worker(role, status.workers, now);
  }
}

std::string status_text(const Status& status, domain::Timestamp now, const terminal::Palette& palette) {
  std::string text = "Butler " + status.version + "\n\n";
  std::vector<terminal::Row> rows;
  rows.reserve(status.roles.size() + 2);
  for (const auto& role : status.roles) {
    rows.push_back({role.name, health_words(role.health, palette), terminal::printable_line(role.words)});
  }
  if (status.trouble.empty()) {
    rows.push_back({"queue", queue_words(status)});
    rows.push_back({"panic", panic_words(status, palette)});
  }
  text += terminal::render_table(rows);
  const bool all_absent =
      std::ranges::all_of(status.roles, [](const RoleState& role) { return role.health == Health::absent; });
  if (all_absent && !status.trouble.empty())
    return text + "\nButler does not run here. `" + status.start_command + "` starts it.\n";
  if (!status.trouble.empty()) return text + "\n" + status.trouble + "\n";
  return text + lists_of(status, now);
}

json::Value status_json(const Status& status) {
  static constexpr std::array health_names{"well", "troubled", "unknown", "absent", "elsewhere"};
  json::Array roles;
  for (const auto& role : status.roles) {
    json::Object shown{{"role", role.name},
                       {"state", health_names.at(static_cast<std::size_t>(role.health))}};
    if (!role.words.empty()) shown["message"] = role.words;
    if (!role.detail.is_null()) shown["health"] = role.detail;
    roles.push_back(std::move(shown));
  }
  json::Object shown{{"version", status.version},
                     {"well", status.well()},
                     {"orchestratorUrl", status.url},
                     {"roles", std::move(roles)}};
  if (!status.trouble.empty()) {
    shown["trouble"] = status.trouble;
    return shown;
  }
  json::Array jobs;
  json::Object counts;
  for (const auto& job : status.open_jobs) jobs.push_back(json::encode(job));
  for (const auto one :
       {JobStatus::needs_approval, JobStatus::queued, JobStatus::running, JobStatus::aborting}) {
    counts[domain::enum_name(one)] = count_in(status, one);
  }
  json::Array calls;
  for (const auto& call : status.waiting_calls) calls.push_back(json::encode(call.approval));
  shown["paused"] = status.paused;
  if (status.pause_reason) shown["pauseReason"] = *status.pause_reason;
  shown["counts"] = std::move(counts);
  shown["openJobs"] = std::move(jobs);
  shown["waitingCalls"] = std::move(calls);
  json::Array workers;
  for (const auto& worker : status.workers) workers.push_back(json::encode(worker));
  shown["workers"] = std::move(workers);
  return shown;
}

}  // namespace butler::console
