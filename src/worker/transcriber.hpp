#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>

#include "config/settings.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/agent_environment.hpp"
#include "worker/transcription.hpp"

namespace butler::worker {

/// Writes voice messages down as the settings say, if they say so.
class Transcriber {
 public:
  /// The settings and the home outlive it. Throws std::runtime_error for an address that is none.
  Transcriber(const boost::asio::any_io_executor& executor, const config::WorkerSettings& settings,
              const AgentHome& home);

  /// For the recordings of one workspace; `sandbox`, which outlives the result, is where a local command
  /// runs. Empty when nothing is set up.
  Transcribe for_workspace(std::filesystem::path workspace, sandbox::Sandbox& sandbox);

 private:
  boost::asio::awaitable<Transcript> in_sandbox(std::filesystem::path workspace, sandbox::Sandbox& sandbox,
                                                Recording recording);

  boost::asio::any_io_executor executor_;
  const config::WorkerSettings& settings_;
  const AgentHome& home_;
  std::unique_ptr<TranscriptionService> service_;  ///< null when none is set
};

}  // namespace butler::worker
