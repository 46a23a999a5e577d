#include <chrono>
#include <system_error>

#include "api/answers.hpp"
#include "api/describe.hpp"
#include "digest/sha256.hpp"
#include "domain/enum_name.hpp"
#include "files/file_draft.hpp"
#include "http/file_body.hpp"

// Artifacts go from a file to the orchestrator and back, never whole into memory.
namespace butler::api {

using std::chrono::seconds;

namespace {

/// For the bytes of an artifact there is a second for so many of them, as at the server.
constexpr std::uint64_t bytes_per_second = std::uint64_t{128} * 1024;
constexpr seconds transfer_time{60};
/// The text of a refusal is not longer.
constexpr std::size_t refusal_bytes = std::size_t{64} * 1024;

seconds time_for(std::uint64_t bytes) {
  return transfer_time + seconds{static_cast<std::int64_t>(bytes / bytes_per_second)};
}

CallError refused_here(std::string code, std::string message) {
  return {.kind = CallError::Kind::refused, .code = std::move(code), .message = std::move(message)};
}

CallError file_error(const std::system_error& fault) { return refused_here("file_error", fault.what()); }

std::string artifacts_path(const ArtifactSide& side, std::string_view job_id) {
  std::string path = side.lease_token() ? "/v1/workers/" : "/v1/jobs/";
  return path.append(http::percent_encode(job_id)).append("/artifacts");
}

http::Headers artifact_fields(const NewArtifact& artifact) {
  http::Headers headers{{"content-type", artifact.content_type}};
  if (artifact.sha256) headers.add(std::string{sha256_field}, *artifact.sha256);
  if (artifact.kind) headers.add(std::string{kind_field}, std::string{domain::enum_name(*artifact.kind)});
  if (artifact.caption) headers.add(std::string{caption_field}, http::percent_encode(*artifact.caption));
  return headers;
}

ReceivedArtifact described_by(const http::Headers& headers) {
  ReceivedArtifact received;
  received.content_type = headers.find("content-type").value_or("");
  if (const auto kind = headers.find(kind_field)) received.kind = domain::enum_from_name<ArtifactKind>(*kind);
  if (const auto caption = headers.find(caption_field)) {
    received.caption = http::percent_decode(*caption, false);
  }
  return received;
}

std::expected<std::shared_ptr<http::BodySource>, CallError> open_source(const std::filesystem::path& file) {
  try {
    return http::file_source(file);
  } catch (const std::system_error& fault) {
    return std::unexpected(file_error(fault));
  }
}

std::expected<files::FileDraft, CallError> begin_draft(const std::filesystem::path& target) {
  try {
    return files::FileDraft(target);
  } catch (const std::system_error& fault) {
    return std::unexpected(file_error(fault));
  }
}

/// Not on the disk: the orchestrator has it there, and a wait for a disk would hold everybody up.
std::expected<void, CallError> give_place(files::FileDraft& draft, const std::filesystem::path& target) {
  try {
    draft.take_place(target);
    return {};
  } catch (const std::system_error& fault) {
    return std::unexpected(file_error(fault));
  }
}

CallError receive_error_of(const http::ReceiveError& error) {
  using Kind = http::ReceiveError::Kind;
  switch (error.kind) {
    case Kind::connection: return unreachable(error.message);
    case Kind::too_large: return refused_here("too_large", error.message);
    case Kind::file: return refused_here("file_error", error.message);
  }
  return unreachable(error.message);
}

/// What a response says that is no artifact.
boost::asio::awaitable<CallError> read_refusal(http::ResponseStream& stream) {
  http::Response response{.status = stream.head().status};
  while (response.body.size() < refusal_bytes) {
    auto piece = co_await stream.read(answer_time);
    if (!piece) co_return unreachable(piece.error());
    if (!*piece) break;
    response.body.append(**piece);
  }
  co_return error_of(response);
}

}  // namespace

http::Request OrchestratorClient::artifact_request(std::string_view method, std::string target,
                                                   const ArtifactSide& side, http::Headers headers) const {
  http::Request request{.head = {.method = std::string{method}, .target = std::move(target)}};
  request.head.headers = std::move(headers);
  request.head.headers.add("x-api-key", token_);
  if (side.lease_token()) request.head.headers.add("x-lease-token", *side.lease_token());
  return request;
}

Call<Artifact> OrchestratorClient::put_artifact(ArtifactSide side, std::string job_id, NewArtifact artifact,
                                                std::filesystem::path file) {
  auto source = open_source(file);
  if (!source) co_return std::unexpected(source.error());
  std::string target = artifacts_path(side, job_id).append("/").append(http::percent_encode(artifact.name));
  auto request = artifact_request("PUT", std::move(target), side, artifact_fields(artifact));
  request.source = *source;
  const auto patience = time_for((*source)->size());
  const auto response = co_await client_.send(std::move(request), patience);
  if (!response) co_return std::unexpected(unreachable(response.error().message));
  if (!is_success(response->status)) co_return std::unexpected(error_of(*response));
  const auto value = json::parse(response->body);
  if (!value) co_return std::unexpected(unreachable("unreadable answer: " + value.error()));
  auto answer = decode_answer<ArtifactAnswer>(*value);
  if (!answer) co_return std::unexpected(answer.error());
  co_return std::move(answer->artifact);
}

Call<ReceivedArtifact> OrchestratorClient::get_artifact(ArtifactSide side, std::string job_id,
                                                        std::string name, std::filesystem::path target,
                                                        std::uint64_t most) {
  std::string path = artifacts_path(side, job_id).append("/").append(http::percent_encode(name));
  auto request = artifact_request("GET", std::move(path), side, {});
  auto stream = co_await client_.open(std::move(request), answer_time);
  if (!stream) co_return std::unexpected(unreachable(stream.error().message));
  if (stream->head().status != 200) {
    auto refusal = co_await read_refusal(*stream);
    co_return std::unexpected(std::move(refusal));
  }
  auto draft = begin_draft(target);
  if (!draft) co_return std::unexpected(draft.error());
  digest::Sha256 hash;
  auto received = described_by(stream->head().headers);
  const std::string promised{stream->head().headers.find(sha256_field).value_or("")};
  const http::ReceiveLimits limits{.bytes = most, .pause = answer_time, .whole = time_for(most)};
  const auto done =
      co_await http::receive_body(*stream, *draft, limits, [&](std::string_view piece) { hash.add(piece); });
  if (!done) co_return std::unexpected(receive_error_of(done.error()));
  received.size = static_cast<std::int64_t>(draft->size());
  received.sha256 = hash.finish();
  if (received.sha256 != promised) co_return std::unexpected(unreachable("the artifact came damaged"));
  const auto in_place = give_place(*draft, target);
  if (!in_place) co_return std::unexpected(in_place.error());
  co_return received;
}

Call<std::vector<Artifact>> OrchestratorClient::list_artifacts(ArtifactSide side, std::string job_id) {
  auto request = artifact_request("GET", artifacts_path(side, job_id), side, {});
  const auto response = co_await client_.send(std::move(request), answer_time);
  if (!response) co_return std::unexpected(unreachable(response.error().message));
  if (!is_success(response->status)) co_return std::unexpected(error_of(*response));
  const auto value = json::parse(response->body);
  if (!value) co_return std::unexpected(unreachable("unreadable answer: " + value.error()));
  auto list = decode_answer<ArtifactList>(*value);
  if (!list) co_return std::unexpected(list.error());
  co_return std::move(list->artifacts);
}

}  // namespace butler::api
