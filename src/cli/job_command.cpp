#include "cli/job_command.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/access.hpp"
#include "console/artifacts.hpp"
#include "console/decide.hpp"
#include "console/jobs.hpp"
#include "console/send.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"

namespace butler::cli {

namespace {

using console::Access;
using console::Streams;

/// What the options write to; lives as long as the commands.
struct JobOptions {
  std::string id;
  std::string status;
  std::string scope = "once";
  std::vector<std::string> reason;
  console::ArtifactOptions artifacts;
  std::size_t limit = 20;
  bool all = false;
  bool follow = false;
  bool no_wait = false;
  bool json = false;

  Streams streams() const { return Streams::standard(json); }

  std::string reason_text() const {
    std::string text;
    for (const auto& word : reason) text += (text.empty() ? "" : " ") + word;
    return text;
  }
};

using JobGiven = std::shared_ptr<JobOptions>;

CLI::App* add_job_command(CLI::App& group, const std::string& name, const std::string& meaning,
                          Action& chosen, const JobGiven& given,
                          const std::function<int(const Access&, const JobOptions&)>& act) {
  CLI::App* const command = add_command(group, name, meaning, chosen, [given, act] {
    return with_access([&](const Access& access) { return act(access, *given); });
  });
  command->add_option("id", given->id, "The job's id, or enough of its beginning, as `butler jobs` shows it.")
      ->required();
  command->add_flag("--json", given->json, "As JSON.");
  return command;
}

void add_list(CLI::App& app, Action& chosen, const JobGiven& given) {
  CLI::App* const list = add_command(app, "jobs", "The latest jobs, newest first.", chosen, [given] {
    return with_access([&](const Access& access) {
      const auto status = domain::enum_from_name<domain::JobStatus>(given->status);
      return console::list_jobs(access, {.status = status, .limit = given->limit, .all = given->all},
                                given->streams());
    });
  });
  list->add_option("--state", given->status, "Only jobs in this state.")
      ->check(CLI::IsMember(
          {"needs_approval", "queued", "running", "aborting", "completed", "failed", "aborted"}));
  list->add_option("--limit", given->limit, "How many.")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}));
  list->add_flag("--all", given->all, "However many there are.");
  list->add_flag("--json", given->json, "As JSON, a job per line.");
}

void add_decisions(CLI::App& group, Action& chosen, const JobGiven& given) {
  CLI::App* const approve = add_job_command(
      group, "approve", "Let a command run, or one tool call of an agent: what `butler job show` asks about.",
      chosen, given, [](const Access& access, const JobOptions& options) {
        const auto scope = domain::enum_from_name<domain::ApprovalScope>(options.scope);
        const console::Decision allow{.verdict = domain::ApprovalVerdict::allow,
                                      .scope = scope.value_or(domain::ApprovalScope::once)};
        return console::decide_in_shell(access, options.id, allow, options.streams());
      });
  approve
      ->add_option("--scope", given->scope,
                   "For a tool call: this once, the same again in this conversation, or always.")
      ->check(CLI::IsMember({"once", "session", "always"}));
  CLI::App* const deny = add_job_command(
      group, "deny", "Refuse it.", chosen, given, [](const Access& access, const JobOptions& options) {
        return console::decide_in_shell(access, options.id, {.reason = options.reason_text()},
                                        options.streams());
      });
  deny->add_option("reason", given->reason, "What the agent is told.");
}

void add_artifacts(CLI::App& group, Action& chosen, const JobGiven& given) {
  CLI::App* const command = add_job_command(
      group, "artifacts", "Its files: what came with the request, and what the agent has made.", chosen,
      given, [](const Access& access, const JobOptions& options) {
        return console::job_artifacts(access, options.id, options.artifacts, options.streams());
      });
  CLI::Option* const get = command->add_option("--get", given->artifacts.get, "Fetch the file of this name.");
  command
      ->add_option("--output", given->artifacts.output,
                   "Where to put it; else under its name in the current folder.")
      ->needs(get);
}

}  // namespace

void add_job_commands(CLI::App& app, Action& chosen) {
  const auto given = std::make_shared<JobOptions>();
  add_list(app, chosen, given);
  CLI::App* const group =
      add_group(app, "job", "One job: what it is, does and has done; decide, stop, repeat.");
  add_job_command(*group, "show", "Everything about it: the request, what it waits for, the answer.", chosen,
                  given, [](const Access& access, const JobOptions& options) {
                    return console::show_job(access, options.id, options.streams());
                  });
  add_job_command(*group, "logs", "What has happened in it, line by line.", chosen, given,
                  [](const Access& access, const JobOptions& options) {
                    return console::show_job_logs(access, options.id, options.follow, options.streams());
                  })
      ->add_flag("-f,--follow", given->follow, "Go on until it ends.");
  add_artifacts(*group, chosen, given);
  add_decisions(*group, chosen, given);
  add_job_command(*group, "abort", "Stop it, in the middle of a tool too.", chosen, given,
                  [](const Access& access, const JobOptions& options) {
                    return console::abort_job_by_id(access, options.id, options.streams());
                  });
  add_job_command(*group, "retry",
                  "Ask for the same once more, for the same person, and wait for the answer.", chosen, given,
                  [](const Access& access, const JobOptions& options) {
                    return console::retry_job(access, options.id, !options.no_wait, options.streams());
                  })
      ->add_flag("--no-wait", given->no_wait, "Only print the new job's id.");
}

}  // namespace butler::cli
