#include "console/journal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "console/access.hpp"
#include "process/installation.hpp"

namespace butler::console {

std::vector<std::string> journal_command(const JournalView& view) {
  std::vector<std::string> command{
      "journalctl", "--unit=butler" + (view.role.empty() ? "*" : "-" + view.role),
      "--lines=" + std::to_string(view.lines), view.json ? "--output=json" : "--output=short-iso"};
  if (view.follow) command.emplace_back("--follow");
  return command;
}

int show_journal(const JournalView& view) {
  if (!process::is_a_service()) {
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
