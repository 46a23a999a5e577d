#include "worker/transcriber.hpp"

#include <utility>

#include "worker/agent_sandbox.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::minutes command_limit{5};
/// With the start of a machine that is translated, not run by the processor.
constexpr std::chrono::minutes machine_limit{10};

}  // namespace

Transcriber::Transcriber(const asio::any_io_executor& executor, const config::WorkerSettings& settings,
                         const AgentHome& home)
    : executor_(executor), settings_(settings), home_(home) {
  if (!settings.transcription.url.empty()) {
    service_ = std::make_unique<TranscriptionService>(executor, settings.transcription);
  }
}

Transcribe Transcriber::for_workspace(std::filesystem::path workspace, sandbox::Sandbox& sandbox) {
  if (service_) {
    return [this](Recording recording) { return service_->transcribe(std::move(recording)); };
  }
  if (settings_.transcription.command.empty()) return {};
  return [this, workspace = std::move(workspace), &sandbox](Recording recording) {
    return in_sandbox(workspace, sandbox, std::move(recording));
  };
}

asio::awaitable<Transcript> Transcriber::in_sandbox(std::filesystem::path workspace,
                                                    sandbox::Sandbox& sandbox, Recording recording) {
  const Scratch scratch(home_.scratch);
  auto spec = agent_spec(settings_, home_, workspace, scratch.folder());
  spec.environment = command_environment(settings_, home_, scratch.folder());
  spec.arguments = settings_.transcription.command;
  const auto limit = sandbox.tier() == sandbox::Tier::vm ? machine_limit : command_limit;
  auto transcript =
      co_await transcribe_by_command(executor_, sandbox, std::move(spec), std::move(recording), limit);
  scratch.kill_strays();
  co_return transcript;
}

}  // namespace butler::worker
