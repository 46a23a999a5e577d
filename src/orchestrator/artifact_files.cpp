#include "orchestrator/artifact_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "http/file_body.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view incoming = ".incoming";
constexpr std::string_view identity_file = ".identity";
constexpr std::size_t identity_bytes = 16;
/// No upload takes longer.
constexpr std::chrono::hours longest_use{24};

/// For its owner only, whatever the umask. True when it was not there.
bool make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return true;
  if (errno != EEXIST) files::throw_errno(folder.string());
  return false;
}

}  // namespace

ArtifactFiles::ArtifactFiles(fs::path folder, bool shared) : folder_(std::move(folder)), shared_(shared) {
  make_private_folder(folder_);
  const auto coming = folder_ / incoming;
  make_private_folder(coming);
  for (const auto& name : files::names_in(coming)) {
    if (!may_be_in_use(coming / name)) fs::remove_all(coming / name);
  }
}

std::string ArtifactFiles::identity() const {
  const auto file = folder_ / identity_file;
  files::write_whole_file_once(file, process::random_hex(identity_bytes));
  const auto kept = files::read_small_file(file, 2 * identity_bytes);
  if (!kept) throw std::system_error(kept.error(), file.string());
  return kept->text;
}

/// By another process.
bool ArtifactFiles::may_be_in_use(const fs::path& file) const {
  if (!shared_) return false;
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return true;  // gone meanwhile
  // Not when it was written: a link is as new as its making.
  const auto changed = std::chrono::system_clock::from_time_t(status.st_ctim.tv_sec);
  return std::chrono::system_clock::now() - changed < longest_use;
}

files::FileDraft ArtifactFiles::begin() const { return files::FileDraft(folder_ / incoming / "artifact"); }

void ArtifactFiles::publish(files::FileDraft& draft, std::string_view job_id, std::string_view name) const {
  if (make_private_folder(folder_of(job_id))) files::sync_folder(folder_);
  draft.publish(folder_of(job_id) / name);
}

void ArtifactFiles::link(std::string_view from_job_id, std::string_view job_id, std::string_view name) const {
  if (make_private_folder(folder_of(job_id))) files::sync_folder(folder_);
  fs::create_hard_link(folder_of(from_job_id) / name, folder_of(job_id) / name);
  files::sync_folder(folder_of(job_id));
}

std::shared_ptr<http::BodySource> ArtifactFiles::open(std::string_view job_id, std::string_view name) const {
  return http::file_source(folder_of(job_id) / name);
}

void ArtifactFiles::remove(std::string_view job_id) const { fs::remove_all(folder_of(job_id)); }

std::vector<std::string> ArtifactFiles::jobs() const {
  auto names = files::names_in(folder_);
  std::erase(names, incoming);
  std::erase(names, identity_file);
  return names;
}

std::size_t ArtifactFiles::remove_unknown(std::string_view job_id,
                                          const std::vector<std::string>& known) const {
  std::size_t removed = 0;
  const auto names = files::names_in(folder_of(job_id));
  for (const auto& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    if (may_be_in_use(folder_of(job_id) / name)) continue;
    fs::remove_all(folder_of(job_id) / name);
    ++removed;
  }
  if (removed == names.size() && !may_be_in_use(folder_of(job_id))) fs::remove_all(folder_of(job_id));
  return removed;
}

}  // namespace butler::orchestrator
