#pragma once

#include <string>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "worker/job_files.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

/// The files of a claimed job, at the orchestrator. One thread.
class OrchestratorFiles final : public JobFiles {
 public:
  /// What is passed by reference outlives it. An orchestrator that is away is asked again, for some half a
  /// minute: then the agent is told.
  OrchestratorFiles(api::OrchestratorClient& orchestrator, Stop& stop, const domain::Job& job,
                    std::string lease_token)
      : orchestrator_(orchestrator),
        stop_(stop),
        job_id_(job.id),
        attachments_(job.attachments.value_or(std::vector<std::string>{})),
        lease_token_(std::move(lease_token)) {}

  boost::asio::awaitable<std::expected<IncomingFile, std::string>> fetch(std::string name,
                                                                         std::filesystem::path target,
                                                                         std::uint64_t most_bytes) override;
  boost::asio::awaitable<std::expected<std::string, std::string>> send(OutgoingFile file) override;

 private:
  api::OrchestratorClient& orchestrator_;
  Stop& stop_;
  std::string job_id_;
  std::vector<std::string> attachments_;
  std::string lease_token_;
};

}  // namespace butler::worker
