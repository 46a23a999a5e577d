#include "doctor/file_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <utility>

#include "doctor/checks.hpp"
#include "domain/enum_name.hpp"
#include "files/descriptor.hpp"
#include "policy/describe.hpp"
#include "policy_file/policy_file.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

/// As the user who is in force: a file of the memory, without following a link that an agent may have put
/// there.
MemoryFacts::File look_at_memory_file(int folder, const char* name) {
  MemoryFacts::File file{.name = name};
  struct stat status{};
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return file;
  file.exists = true;
  file.regular = S_ISREG(status.st_mode);
  file.usable = file.regular && ::faccessat(folder, name, R_OK | W_OK, AT_EACCESS) == 0;
  return file;
}

}  // namespace

Finding judge_policy(const PolicyFacts& facts) {
  if (!facts.fault.empty()) {
    return wrong(as_sentence(facts.fault), "It is a policy: the worker does not start with a broken one.",
                 "butler policy check", "To start over: butler policy init --force");
  }
  if (!facts.exists) return all_well("There is no policy file: the profile balanced holds.");
  return all_well("The policy " + facts.file + " is right (profile " + facts.profile + ").");
}

Findings judge_memory(const MemoryFacts& facts) {
  const std::string folder = shell_word(facts.workspace);
  const std::string owner = facts.user + ": ";
  if (!facts.exists) return {all_well(facts.workspace + " is not there yet: the first start makes it.")};
  if (!facts.writable) {
    return {wrong(facts.workspace + " cannot be written to by the user " + facts.user + ".",
                  "The agent works and remembers there.",
                  "chown " + owner + folder + " && chmod u+rwx " + folder)};
  }
  Findings findings;
  for (const auto& file : facts.files) {
    const std::string path = facts.workspace + "/" + file.name;
    if (!file.exists || (file.regular && file.usable)) continue;
    if (!file.regular) {
      findings.push_back(doubtful(path + " is a link or no file: the agent is told nothing of it.",
                                  "It is a plain file.",
                                  "mv " + shell_word(path) + " " + shell_word(path) + ".old"));
    } else {
      findings.push_back(doubtful(
          path + " cannot be read and written by the user " + facts.user + ".", "The agent remembers in it.",
          "chown " + owner + shell_word(path) + " && chmod u+rw " + shell_word(path)));
    }
  }
  if (findings.empty())
    findings.push_back(all_well("The memory in " + facts.workspace + " can be read and written."));
  return findings;
}

Findings judge_mcp(const McpFacts& facts) {
  Findings findings;
  if (!facts.hosts_fault.empty()) {
    findings.push_back(wrong(as_sentence(facts.hosts_fault),
                             "It lists MCP servers: the worker does not start with a broken one.",
                             "${EDITOR:-vi} " + shell_word(facts.hosts_file)));
  }
  if (!facts.clis_fault.empty()) {
    findings.push_back(wrong(as_sentence(facts.clis_fault),
                             "It lists the wrappers that agents call, or their servers.", "butler mcp list",
                             "docs/mcp.md describes both files."));
  }
  for (const auto& target : facts.impossible) {
    findings.push_back(doubtful(as_sentence("There can be no MCP wrapper " + target),
                                "Each target of " + facts.clis_file + " can have a wrapper.",
                                "${EDITOR:-vi} " + shell_word(facts.clis_file)));
  }
  const auto add = [&](const std::vector<std::string>& names, const char* what) {
    if (names.empty()) return;
    findings.push_back(doubtful(
        std::string{"MCP wrappers in "} + facts.bin_folder + " are " + what + ": " + listed(names) + ".",
        "Each target of " + facts.clis_file + " has its wrapper, made of what it is now.",
        "butler mcp sync"));
  };
  add(facts.missing, "missing");
  add(facts.stale, "out of date");
  add(facts.orphaned, "left over");
  if (!findings.empty()) return findings;
  if (facts.targets == 0) return {all_well("No MCP wrappers are asked for.")};
  return {all_well(std::to_string(facts.targets) + " MCP wrappers are there and up to date.")};
}

boost::asio::awaitable<Findings> check_policy(const Context& context) {
  PolicyFacts facts{.file = policy_file::policy_path(context.home()).string()};
  // As the worker reads it.
  const AsUser agent(context.agent);
  const auto policy = policy_file::read_policy(facts.file);
  if (!policy) {
    facts.fault = policy.error();
  } else if (*policy) {
    facts.exists = true;
    facts.profile = domain::enum_name((*policy)->profile);
  }
  co_return Findings{judge_policy(facts)};
}

boost::asio::awaitable<Findings> check_memory(const Context& context) {
  if (!context.worker) co_return Findings{left_out("The worker's configuration is wrong.")};
  const auto workspace = context.worker->workspace;
  MemoryFacts facts{.workspace = workspace.string(), .user = context.root ? "butler" : "that starts Butler"};
  if (!context.root) facts.user = "$(id -un)";
  const AsUser agent(context.agent);
  struct stat status{};
  facts.exists = ::stat(workspace.c_str(), &status) == 0;
  facts.writable =
      facts.exists && ::faccessat(AT_FDCWD, workspace.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0;
  const files::Descriptor folder{::open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.is_open()) {
    for (const char* const name : {"SOUL.md", "MEMORY.md"})
      facts.files.push_back(look_at_memory_file(folder.get(), name));
  }
  co_return judge_memory(facts);
}

}  // namespace butler::doctor
