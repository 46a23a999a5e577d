#include "cli/vm_command.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/vm_actions.hpp"
#include "cli/vm_shell.hpp"

namespace butler::cli {

namespace {

/// What the options of all vm commands write to.
struct VmLine {
  VmCreateOptions create;
  VmStartOptions start;
  VmShellOptions shell;
  bool json = false;
  bool workspace = false;
};

using Line = std::shared_ptr<VmLine>;

void add_create(CLI::App& vm, const Line& line, Action& chosen) {
  CLI::App* const create = add_command(
      vm, "create", "Make the machine: its image (from Debian packages, fetched with apt) and its workspace.",
      chosen, [line] { return create_vm(line->create); });
  create->add_option("--image", line->create.image, "tiny: a shell (busybox); full: Debian with the agent.")
      ->check(CLI::IsMember({"tiny", "full"}))
      ->capture_default_str();
  create->add_option("--size", line->create.workspace_bytes, "How large the workspace may grow, as in 4G.")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("4G");
  create->add_option("--memory", line->create.memory_bytes, "Its memory, as in 512M.")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("128M for tiny, 1G for full");
  create->add_option("--cpus", line->create.cpus, "How many processors it has.")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
}

void add_shell(CLI::App& vm, const Line& line, Action& chosen) {
  CLI::App* const shell = add_command(
      vm, "shell",
      "Run a command in the running machine, or a shell in a terminal. Exit status: the command's.", chosen,
      [line] { return run_vm_shell(line->shell); });
  shell->add_flag("--root", line->shell.as_root, "As the machine's root, instead of its user agent.");
  shell->add_option("command", line->shell.arguments, "The command and its arguments, behind --.");
}

}  // namespace

void add_vm_commands(CLI::App& app, Action& chosen) {
  const auto line = std::make_shared<VmLine>();
  CLI::App* const vm = add_group(
      app, "vm",
      "A virtual machine for the agent's commands: no network, a workspace of its own. Needs no rights.");
  add_create(*vm, line, chosen);
  CLI::App* const start = add_command(*vm, "start", "Start the machine; it runs until it is stopped.", chosen,
                                      [line] { return start_vm(line->start); });
  start->add_flag("--warm", line->start.warm,
                  "From a snapshot of the booted machine; made first when there is none.");
  start->add_option("--services", line->start.services,
                    "A unix socket of this host that the machine reaches as http://127.0.0.1:3128.");
  add_command(*vm, "stop", "Stop the machine; its workspace stays.", chosen, [] { return stop_vm(); });
  add_command(*vm, "status", "What there is, and whether it runs.", chosen, [line] {
    return print_vm_status(line->json);
  })->add_flag("--json", line->json, "As JSON.");
  add_shell(*vm, line, chosen);
  add_command(*vm, "reset", "Take back what was changed in the machine outside its workspace.", chosen,
              [line] { return reset_vm(line->workspace); })
      ->add_flag("--workspace", line->workspace, "Empty the workspace, too. What is in it is lost.");
  add_command(*vm, "destroy", "Remove the machine with its workspace.", chosen, [] { return destroy_vm(); });
}

}  // namespace butler::cli
