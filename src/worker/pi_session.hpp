#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "files/descriptor.hpp"
#include "worker/agent_environment.hpp"
#include "worker/agent_services.hpp"
#include "worker/conversation.hpp"
#include "worker/memory.hpp"
#include "worker/pi_process.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

/// A conversation's pi: its process, and what goes with it.
struct PiSession {
  files::Descriptor lock;  ///< one live pi per session file, also between workers
  std::unique_ptr<AgentAccess> access;
  std::unique_ptr<Scratch> scratch;
  std::unique_ptr<PiProcess> process;
  MemorySnapshot known;                    ///< what the agent was told of its memory
  bool ready = false;                      ///< pi has answered its first command, and its tool gate is loaded
  bool has_history = false;                ///< it has been prompted before, by whichever process
  std::string sandbox_profile = "none/1";  ///< names the tier and the version of its profile
};

/// pi's command line. `memory_file` holds the text that pi appends to its system prompt.
std::vector<std::string> pi_arguments(const config::WorkerSettings& settings, const AgentHome& home,
                                      const std::string& session_name,
                                      const std::filesystem::path& memory_file);

/// Starts the pi of a conversation, on its earlier history if there is one. The error is a sentence for the
/// person who asked.
std::expected<std::unique_ptr<PiSession>, std::string> open_pi_session(
    const boost::asio::any_io_executor& executor, const config::WorkerSettings& settings,
    const AgentHome& home, AgentServices& services, sandbox::Sandbox& sandbox,
    const Conversation& conversation);

}  // namespace butler::worker
