#include "console/artifacts.hpp"

#include <filesystem>
#include <ostream>
#include <vector>

#include "api/describe.hpp"
#include "console/connection.hpp"
#include "console/job_search.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"
#include "terminal/table.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

std::string size_words(std::int64_t bytes) {
  constexpr std::int64_t kibi = 1024;
  if (bytes < kibi) return std::to_string(bytes) + " B";
  if (bytes < kibi * kibi) return std::to_string((bytes + kibi - 1) / kibi) + " KiB";
  const auto tenths = bytes * 10 / (kibi * kibi);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

/// For people who read it: what they asked with, or what the agent has made.
std::string_view source_words(api::ArtifactSource source) {
  return source == api::ArtifactSource::gateway ? "attached" : "made";
}

asio::awaitable<int> list_artifacts(Connection& connection, domain::Job job, Streams streams) {
  auto answer = co_await connection.orchestrator().list_artifacts(api::ArtifactSide::gateway(), job.id);
  const auto artifacts = connection.require(std::move(answer));
  if (streams.json) {
    for (const auto& artifact : artifacts) streams.write(json::encode(artifact));
    co_return 0;
  }
  if (artifacts.empty()) streams.say("This job has no files.");
  streams.out << artifact_table(artifacts, streams.columns());
  co_return 0;
}

asio::awaitable<int> fetch_artifact(Connection& connection, domain::Job job, ArtifactOptions options,
                                    Streams streams) {
  const std::filesystem::path target = options.output.empty() ? options.get : options.output;
  if (!api::is_artifact_name(options.get)) {
    throw Failure("No file has that name: butler job artifacts " + domain::short_job_id(job.id) +
                  " lists them.");
  }
  if (std::filesystem::exists(target)) {
    throw Failure(target.string() + " is there already, and stays as it is: --output names another file.");
  }
  auto answer = co_await connection.orchestrator().get_artifact(
      api::ArtifactSide::gateway(), job.id, options.get, target, domain::limits::artifact_bytes);
  if (!answer && answer.error().code == "artifact_not_found") {
    throw Failure("The job has no file of that name: butler job artifacts " + domain::short_job_id(job.id) +
                  " lists them.");
  }
  const auto received = connection.require(std::move(answer));
  if (streams.json) {
    streams.write(json::Object{{"name", options.get},
                               {"file", target.string()},
                               {"size", received.size},
                               {"sha256", received.sha256},
                               {"contentType", received.content_type}});
  } else {
    streams.out << target.string() << ": " << size_words(received.size) << '\n';
  }
  co_return 0;
}

asio::awaitable<int> show_artifacts(Connection& connection, std::string typed, ArtifactOptions options,
                                    Streams streams) {
  auto job = co_await find_job(connection, std::move(typed), "butler job artifacts");
  if (options.get.empty()) co_return co_await list_artifacts(connection, std::move(job), streams);
  co_return co_await fetch_artifact(connection, std::move(job), std::move(options), streams);
}

}  // namespace

int job_artifacts(const Access& access, const std::string& typed, const ArtifactOptions& options,
                  Streams streams) {
  Connection connection(access);
  return connection.run(show_artifacts(connection, typed, options, streams));
}

std::string artifact_table(std::span<const api::Artifact> artifacts, std::size_t columns) {
  std::vector<terminal::Row> rows;
  for (const auto& artifact : artifacts) {
    const auto what = artifact.kind ? std::string{domain::enum_name(*artifact.kind)} : artifact.content_type;
    rows.push_back({artifact.name, size_words(artifact.size), terminal::printable_line(what),
                    std::string{source_words(artifact.source)},
                    terminal::printable_line(artifact.caption.value_or(""))});
  }
  return terminal::render_table(rows, columns);
}

}  // namespace butler::console
