#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"

namespace butler::worker {

/// The day by the process's time zone: "2026-11-22".
std::string local_date(domain::Timestamp now);

/// One file of the memory as an agent is told of it.
struct MemoryFile {
  std::string name;        ///< relative to the workspace
  std::string content;     ///< valid UTF-8, of at most the first Memory::file_limit bytes
  std::uint64_t size = 0;  ///< of the whole file
  bool cut = false;        ///< the file holds more than the content

  bool operator==(const MemoryFile&) const = default;
};

/// What the memory says at a moment.
struct MemorySnapshot {
  std::string date;
  std::array<MemoryFile, 3> files;  ///< SOUL.md, MEMORY.md, the notes of the day

  bool operator==(const MemorySnapshot&) const = default;
};

/// The agent's memory: SOUL.md, MEMORY.md and memory/YYYY-MM-DD.md in the workspace. They are the agent's to
/// write; Butler creates what is missing and reads it, without following links that the agent may have put
/// there.
class Memory {
 public:
  /// Of each file at most this much is told.
  static constexpr std::size_t file_limit = 32 * 1024;

  explicit Memory(std::filesystem::path workspace) : workspace_(std::move(workspace)) {}

  /// Creates the files that are missing for the day, and reads them. A file that cannot be had is logged as
  /// `memory.unusable` and counts as empty; a workspace that cannot be opened throws std::system_error.
  MemorySnapshot open_day(const std::string& date) const;

 private:
  std::filesystem::path workspace_;
};

/// The text that tells an agent, at its start, how to remember and what is remembered. `instructions`
/// replaces the built-in text on how to.
std::string memory_prompt(const MemorySnapshot& memory, const std::optional<std::string>& instructions);

/// What an agent that knows `known` has to be told before its next prompt; "" when nothing has changed.
std::string memory_changes(const MemorySnapshot& known, const MemorySnapshot& now);

}  // namespace butler::worker
