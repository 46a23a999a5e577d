#include "console/journal.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "console/access.hpp"

namespace butler::console {

namespace fs = std::filesystem;

bool is_a_service(const fs::path& root) {
  static constexpr std::array folders{"etc/systemd/system", "usr/local/lib/systemd/system",
                                      "usr/lib/systemd/system", "lib/systemd/system"};
  static constexpr std::array units{"butler.service", "butler.target", "butler-orchestrator.service",
                                    "butler-gateway.service", "butler-worker.service"};
  std::error_code error;
  for (const char* const folder : folders) {
    for (const char* const unit : units) {
      if (fs::exists(root / folder / unit, error)) return true;
    }
  }
  return false;
}

std::string start_command() { return is_a_service("/") ? "systemctl start butler.target" : "butler up"; }

std::vector<std::string> journal_command(const JournalView& view) {
  std::vector<std::string> command{
      "journalctl", "--unit=butler" + (view.role.empty() ? "*" : "-" + view.role),
      "--lines=" + std::to_string(view.lines), view.json ? "--output=json" : "--output=short-iso"};
  if (view.follow) command.emplace_back("--follow");
  return command;
}

int show_journal(const JournalView& view) {
  if (!is_a_service("/")) {
    throw Failure(
        "Butler is not installed as a service here, so there is no journal: `butler up` prints its log in "
        "the "
        "terminal where it runs. What one job does is shown by `butler job logs -f <id>`, all that was "
        "decided "
        "by `butler audit show`");
  }
  auto command = journal_command(view);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  throw Failure(std::string{"journalctl cannot be started: "} + std::strerror(errno));
}

}  // namespace butler::console
