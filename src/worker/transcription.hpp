#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "http/client.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/attachment_receiver.hpp"

/// Voice messages as text. Off until it is set up: WORKER_TRANSCRIBE_URL or WORKER_TRANSCRIBE_COMMAND. Errors
/// are sentences for the agent.
namespace butler::worker {

using Transcript = std::expected<std::string, std::string>;

/// A service that speaks OpenAI's /v1/audio/transcriptions. The worker asks it itself: no agent sees its key.
class TranscriptionService {
 public:
  /// `settings.url` is set.
  TranscriptionService(const boost::asio::any_io_executor& executor,
                       const config::TranscriptionSettings& settings);

  boost::asio::awaitable<Transcript> transcribe(Recording recording);

 private:
  std::string key_;
  std::string model_;
  http::Client client_;
};

/// Runs a command line in a sandbox; its output is the text. `spec` holds all but the streams; the
/// recording's place in the workspace becomes the last argument.
boost::asio::awaitable<Transcript> transcribe_by_command(boost::asio::any_io_executor executor,
                                                         sandbox::Sandbox& sandbox, sandbox::Spec spec,
                                                         Recording recording,
                                                         std::chrono::milliseconds time_limit);

/// The address of the service: a base like "https://api.openai.com/v1" gets the endpoint's path. Pure.
std::optional<http::Url> transcription_address(std::string_view url);

/// What the service's answer says. Pure.
Transcript read_transcription(int status, std::string_view body);

}  // namespace butler::worker
