#include "worker/orchestrator_files.hpp"

#include <set>
#include <utility>

#include "api/describe.hpp"
#include "domain/enum_name.hpp"
#include "worker/file_type.hpp"
#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

/// A job that was begun before may have used the first names already.
constexpr int most_names = 40;

/// Some half a minute together, with the waits between them.
constexpr int most_tries = 12;

template <class T, class MakeCall>
api::Call<T> try_once(MakeCall& make_call, int& tries) {
  auto result = co_await make_call();
  if (!result && ++tries >= most_tries) result.error().kind = api::CallError::Kind::refused;
  co_return result;
}

/// One call, repeated at most so often: somebody waits for the file who can do something else without it.
/// What it returns outlives the calls that it makes.
template <class T, class MakeCall>
auto limited(MakeCall make_call, int& tries) {
  return [make_call = std::move(make_call), &tries]() mutable { return try_once<T>(make_call, tries); };
}

std::string why_not_fetched(const api::CallError& error) {
  if (error.code == "too_large") return "it is larger than 50 MiB";
  if (error.code == "artifact_not_found") return "it is not there any more";
  return "it could not be fetched (" + error.message + ")";
}

std::string why_not_sent(const api::CallError& error) {
  if (error.code == "payload_too_large") return "it is larger than 50 MiB. Make it smaller, or split it";
  if (error.code == "artifact_quota") return "the files of this job are too many, or too large together";
  if (error.code == "storage_full") return "there is no room for it at the moment. Tell the person so";
  if (error.code == "lease_lost") return "its job has ended";
  return "the orchestrator did not take it (" + error.message + ")";
}

std::optional<api::ArtifactKind> kind_of(const std::optional<std::string>& name) {
  return name ? domain::enum_from_name<api::ArtifactKind>(*name) : std::nullopt;
}

}  // namespace

asio::awaitable<std::expected<IncomingFile, std::string>> OrchestratorFiles::fetch(
    std::string name, std::filesystem::path target, std::uint64_t most_bytes) {
  auto get = [&] {
    return orchestrator_.get_artifact(api::ArtifactSide::worker(lease_token_), job_id_, name, target,
                                      most_bytes);
  };
  int tries = 0;
  auto got = co_await persist<api::ReceivedArtifact>(
      "get_artifact", limited<api::ReceivedArtifact>(get, tries), stop_, GiveUp::when_stop_is_requested);
  if (!got) co_return std::unexpected(why_not_fetched(got.error()));
  co_return IncomingFile{.media_type = std::move(got->content_type),
                         .size = static_cast<std::uint64_t>(got->size)};
}

asio::awaitable<std::expected<std::string, std::string>> OrchestratorFiles::send(OutgoingFile file) {
  // An attachment that is sent back is a file of the agent's, not the one that came.
  std::set<std::string, std::less<>> taken(attachments_.begin(), attachments_.end());
  for (int round = 0; round < most_names; ++round) {
    const auto name = unique_file_name(file.name, taken);
    auto put = [&] {
      return orchestrator_.put_artifact(api::ArtifactSide::worker(lease_token_), job_id_,
                                        {.name = name,
                                         .content_type = file.media_type,
                                         .sha256 = {},
                                         .kind = kind_of(file.kind),
                                         .caption = file.caption},
                                        file.content);
    };
    int tries = 0;
    const auto stored = co_await persist<api::Artifact>("put_artifact", limited<api::Artifact>(put, tries),
                                                        stop_, GiveUp::when_stop_is_requested);
    if (stored) co_return name;
    if (stored.error().code != "artifact_exists") co_return std::unexpected(why_not_sent(stored.error()));
    taken.insert(name);
  }
  co_return std::unexpected("too many files of this job have that name. Give it another one");
}

}  // namespace butler::worker
