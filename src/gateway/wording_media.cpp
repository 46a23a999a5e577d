#include "gateway/wording_media.hpp"

#include "domain/job_id.hpp"
#include "domain/utf8.hpp"

namespace butler::gateway::wording {

namespace {

/// A name that a message has room for.
std::string shown_name(std::string_view file_name) {
  constexpr std::size_t longest = 80;
  return domain::shorten(file_name, longest);
}

}  // namespace

std::string size_words(std::int64_t bytes) {
  constexpr std::int64_t kibibyte = 1'024;
  constexpr std::int64_t mebibyte = kibibyte * kibibyte;
  if (bytes < kibibyte) return std::to_string(bytes) + " B";
  if (bytes < mebibyte) return std::to_string((bytes + kibibyte - 1) / kibibyte) + " KB";
  return std::to_string((bytes + mebibyte - 1) / mebibyte) + " MB";
}

std::string file_missing(Language language, std::string_view file_name, MissingReason reason,
                         std::int64_t most) {
  const std::string name = shown_name(file_name);
  switch (reason) {
    case MissingReason::too_big:
      return say(language, "files.too_big", {{"name", name}, {"most", size_words(most)}});
    case MissingReason::unavailable: return say(language, "files.unavailable", {{"name", name}});
    case MissingReason::on_server_disk: return say(language, "files.on_server_disk", {{"name", name}});
    case MissingReason::no_room: return say(language, "files.no_room", {{"name", name}});
    case MissingReason::unreachable: break;
  }
  return say(language, "files.unreachable", {{"name", name}});
}

std::string file_left_out(Language language, std::string_view file_name, FileProblem problem,
                          const FileLimits& limits) {
  const std::string name = shown_name(file_name);
  switch (problem) {
    case FileProblem::too_big: return file_missing(language, name, MissingReason::too_big, limits.file_bytes);
    case FileProblem::too_many:
      return say(language, "files.too_many", {{"name", name}, {"most", limits.files}});
    case FileProblem::too_much: break;
  }
  return say(language, "files.too_much", {{"name", name}, {"most", size_words(limits.turn_bytes)}});
}

std::string files_of_job(Language language, const std::vector<api::Artifact>& artifacts) {
  std::string files;
  for (const api::Artifact& one : artifacts) {
    if (one.content_type == api::missing_content_type) continue;
    files += (files.empty() ? "" : ", ") + one.name + " (" + size_words(one.size) + ")";
  }
  return files.empty() ? std::string{} : say(language, "files.of_job", {{"files", files}});
}

std::string files_not_sent(Language language, const FilesMessage& message, const telegram::ApiError& error) {
  const std::string short_id = domain::short_job_id(message.job_id);
  std::string names;
  for (const OutgoingFile& file : message.files) names += (names.empty() ? "" : ", ") + file.name;
  if (error.error_code == 410) return say(language, "files.gone", {{"names", names}, {"job", short_id}});
  if (error.error_code == 413) {
    return say(language, "files.too_large_to_send",
               {{"names", names}, {"job", short_id}, {"most", size_words(upload_limit)}});
  }
  if (error.kind == telegram::ApiError::Kind::not_sent) {
    return say(language, "files.unreadable", {{"names", names}, {"job", short_id}});
  }
  return say(language, "files.not_sent", {{"names", names}, {"job", short_id}, {"why", error.describe()}});
}

}  // namespace butler::gateway::wording
