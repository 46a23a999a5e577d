#pragma once

/// Hostile code that plays by the rules: it tries every door of a sandbox that it knows, and says which are
/// open. It does no harm behind an open one: files are opened and not written, calls that would change the
/// machine are made with arguments that the kernel refuses once it has granted them.
///
/// Depends on nothing but the C and C++ libraries.
namespace butler::sandbox_probe {

/// The command of a setuid copy of the program: 0 when it runs as root, else 1.
inline constexpr const char* setuid_command = "setuid";

/// `butler-sandbox-probe attempts [--json] name=value…` makes the attempts; 0 when none is open, else 1.
/// `butler-sandbox-probe machine …` runs a command on the machine that the attempts are about: see
/// machine.hpp.
int run(int argc, char** argv);

}  // namespace butler::sandbox_probe
