#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "files/file_draft.hpp"
#include "http/body.hpp"

namespace butler::orchestrator {

/// The bytes of artifacts: <folder>/<job id>/<name>, and <folder>/.incoming for what is on its way. A file
/// has its place before its row is written and after it is removed. Faults are std::system_error.
class ArtifactFiles {
 public:
  /// Makes the folder, for its owner only, and removes what was on its way when the process ended.
  /// @param shared  other processes use it too: what is removed here and by remove_unknown() is a day old
  explicit ArtifactFiles(std::filesystem::path folder, bool shared = false);

  /// What tells this folder from every other one, kept in it.
  std::string identity() const;

  /// A file for bytes that arrive. It leaves nothing unless it is published.
  files::FileDraft begin() const;
  /// On the disk when it returns. What lies in its place is replaced: only a file without a row can.
  void publish(files::FileDraft& draft, std::string_view job_id, std::string_view name) const;
  std::shared_ptr<http::BodySource> open(std::string_view job_id, std::string_view name) const;

  /// Gives a job the file of another one, without another copy of its bytes.
  void link(std::string_view from_job_id, std::string_view job_id, std::string_view name) const;

  /// Removes all files of a job.
  void remove(std::string_view job_id) const;
  /// The jobs that have a folder.
  std::vector<std::string> jobs() const;
  /// Removes the files of a job whose names are not among those `known`, and a folder that is empty then.
  /// Returns how many.
  std::size_t remove_unknown(std::string_view job_id, const std::vector<std::string>& known) const;

 private:
  std::filesystem::path folder_of(std::string_view job_id) const { return folder_ / job_id; }

  bool may_be_in_use(const std::filesystem::path& file) const;

  std::filesystem::path folder_;
  bool shared_;
};

}  // namespace butler::orchestrator
