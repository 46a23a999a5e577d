#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/lane.hpp"
#include "gateway/media.hpp"

namespace butler::gateway {

/// How far a file of a turn has come.
enum class FileState : std::uint8_t {
  waiting,      ///< to be fetched once the job is known
  handed_over,  ///< the orchestrator has it
  missing,      ///< could not be fetched: person and agent were told
  of_no_use,    ///< the job ended, or its person is nobody any more
};

/// A file to be fetched, and what for.
struct WaitingFile {
  std::int64_t turn_id = 0;
  std::string job_id = {};
  Lane lane = {};
  std::int64_t requester_id = 0;
  std::int64_t message_id = 0;  ///< of the turn's first message; 0 when the chat has moved
  TurnFile turn_file = {};
};

/// A job that has ended and whose files, if it has any, are to be sent.
struct FileCheck {
  std::string job_id = {};
  Lane lane = {};
};

/// What the gateway remembers of files: what people sent, and what jobs may have made. The rules of
/// GatewayStore hold.
class FileRecords {
 public:
  FileRecords() = default;
  FileRecords(const FileRecords&) = delete;
  FileRecords& operator=(const FileRecords&) = delete;
  virtual ~FileRecords() = default;

  /// More files of a turn that has no job yet.
  virtual void add_turn_files(std::int64_t turn_id, const std::vector<TurnFile>& files) = 0;
  /// Of a turn, in the order of their numbers.
  virtual std::vector<TurnFile> turn_files(std::int64_t turn_id) = 0;
  /// Files whose job is known and that nobody has ended, oldest turn first.
  virtual std::vector<WaitingFile> waiting_files(std::size_t limit) = 0;
  /// Ends a file if it waits. `problem`: why it is missing or of no use, else "".
  virtual void end_file(std::int64_t turn_id, std::size_t number, FileState state,
                        std::string_view problem) = 0;

  /// Nothing for a job that is there already.
  virtual void add_file_check(const FileCheck& check) = 0;
  /// The oldest.
  virtual std::optional<FileCheck> first_file_check() = 0;
  virtual void end_file_check(const std::string& job_id) = 0;
};

}  // namespace butler::gateway
