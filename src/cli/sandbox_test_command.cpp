#include "cli/sandbox_test_command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/sandbox_report.hpp"
#include "process/child_process.hpp"
#include "process/installation.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr const char* control_tier = "none";

/// A folder for one machine, that everybody may walk through, and is gone at the end.
class MachineFolder {
 public:
  MachineFolder() {
    std::string name = (fs::temp_directory_path() / "butler-sandbox-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("cannot make a folder in " + fs::temp_directory_path().string());
    path_ = name;
    ::chmod(name.c_str(), 0711);
  }
  MachineFolder(const MachineFolder&) = delete;
  MachineFolder& operator=(const MachineFolder&) = delete;
  ~MachineFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Programs {
  std::string butler;
  std::string probe;
};

Programs find_programs() {
  const fs::path self = fs::read_symlink("/proc/self/exe");
  const fs::path probe = self.parent_path() / "butler-sandbox-probe";
  if (!fs::exists(probe))
    throw std::runtime_error(probe.string() + " is missing: it is built and installed with butler");
  return {.butler = self.string(), .probe = probe.string()};
}

std::vector<std::string> user_words() {
  if (::geteuid() != 0) return {};
  const auto user = process::find_user(agent_user);
  if (!user)
    throw std::runtime_error(std::string{"there is no user "} + agent_user + ": " + process::users_command() +
                             " makes it");
  return {"--user", std::to_string(user->uid) + ":" + std::to_string(user->gid)};
}

std::vector<std::string> words_for(const std::string& tier, const Programs& programs,
                                   const std::string& folder) {
  std::vector<std::string> words{programs.probe, "machine", folder};
  for (const auto& word : user_words()) words.push_back(word);
  if (tier != control_tier) {
    for (const char* word : {programs.butler.c_str(), "sandbox", "run", "--"}) words.emplace_back(word);
  }
  for (const char* word : {"{probe}", "attempts", "--json"}) words.emplace_back(word);
  words.push_back("tier=" + tier);
  words.emplace_back("{targets}");
  return words;
}

asio::awaitable<ProbeReport> probe(std::string tier, std::vector<std::string> words) {
  const auto executor = co_await asio::this_coro::executor;
  const process::SpawnOptions options{.arguments = std::move(words),
                                      .environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                                                      "LANG=C.UTF-8", "WORKER_SANDBOX=" + tier},
                                      .working_directory = "/",
                                      .stdin_mode = process::Stdin::null,
                                      .stderr_mode = process::Stderr::merged_into_stdout};
  auto child = process::ChildProcess::spawn(executor, options);
  if (!child) throw std::runtime_error(child.error());
  std::string output;
  for (;;) {
    const std::string bytes = co_await child->read_stdout();
    if (bytes.empty()) break;
    output += bytes;
  }
  const process::ExitStatus status = co_await child->wait();
  co_return read_probe_output(std::move(tier), status.code.value_or(exit_failure), output);
}

ProbeReport run_probe(const std::string& tier, const Programs& programs) {
  const MachineFolder folder;
  asio::io_context context(1);
  auto words = words_for(tier, programs, folder.path());
  auto report = asio::co_spawn(context, probe(tier, std::move(words)), asio::use_future);
  context.run();
  return report.get();
}

}  // namespace

int test_sandbox(const std::string& tier, Format format, std::ostream& out) {
  const Programs programs = find_programs();
  std::vector<std::string> names{"bwrap", "landlock"};
  if (!tier.empty()) names = {tier};
  const ProbeReport control = run_probe(control_tier, programs);
  std::vector<ProbeReport> tiers;
  tiers.reserve(names.size());
  for (const auto& name : names) tiers.push_back(run_probe(name, programs));
  if (format == Format::json) {
    out << json::serialize(sandbox_report_json(control, tiers)) << '\n';
  } else {
    out << render_sandbox_report(control, tiers);
  }
  return sandbox_test_exit(control, tiers, !tier.empty());
}

}  // namespace butler::cli
