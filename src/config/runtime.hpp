#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The runtime: the folder of the pinned Node.js, pi and mcporter that tools/setup/runtime.sh makes.
namespace butler::config {

/// The runtime that a command line of pi starts, `<runtime>/bin/pi`; empty when it is another kind of pi.
std::filesystem::path find_runtime(const std::vector<std::string>& pi_command);

/// Why nothing of this runtime may be run, as a sentence with what to do; nullopt when it may, and when there
/// is none. In a home that several users share one of them can put a runtime where none is. It counts
/// only if the link, the folder that it leads to and the programs in it are root's or our own, and nobody
/// else can write to them. Ask after the look whether it is there: then it cannot be put there meanwhile.
std::optional<std::string> find_runtime_fault(const std::filesystem::path& runtime);

}  // namespace butler::config
