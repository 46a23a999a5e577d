#include "sandbox_probe/main.hpp"

#include <sys/auxv.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "sandbox_probe/bystander.hpp"
#include "sandbox_probe/machine.hpp"
#include "sandbox_probe/report.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr int wrong_usage = 2;

int make_attempts(int argc, char** argv) {
  Targets targets;
  Format format = Format::text;
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      format = Format::json;
    } else if (!targets.add(word)) {
      std::fprintf(stderr, "butler-sandbox-probe: '%s' is no name=value\n", argv[i]);
      return wrong_usage;
    }
  }
  // What is printed survives whatever happens to us.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::signal(SIGTTOU, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  return make_all(targets, format);
}

}  // namespace

int run(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  // A setuid copy of this program is one of the doors: nothing but this can be done with it.
  if (::getauxval(AT_SECURE) != 0 || command == setuid_command) return ::geteuid() == 0 ? 0 : 1;
  if (command == "attempts") return make_attempts(argc, argv);
  if (command == "machine") return run_on_machine(argc, argv);
  if (command == bystander_command) return stand_by(argc, argv);
  std::fprintf(stderr,
               "usage: butler-sandbox-probe attempts [--json] name=value...\n"
               "       butler-sandbox-probe machine FOLDER [--user UID:GID] COMMAND...\n");
  return wrong_usage;
}

}  // namespace butler::sandbox_probe
