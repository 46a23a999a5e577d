#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "config/settings.hpp"
#include "domain/job.hpp"

namespace butler::worker {

/// Whose folder a job works in, with whose memory.
struct WorkspaceOwner {
  enum class Kind : std::uint8_t {
    owners,  ///< the owners' one workspace, PI_WORKSPACE
    person,  ///< somebody else's own
    group,   ///< a group's own, so that nobody's memory is shown to others
  };
  Kind kind = Kind::owners;
  std::string id = {};  ///< digits: of the person, or of the group without its sign; "" for the owners

  bool operator==(const WorkspaceOwner&) const = default;
};

/// Decides it from the job: channel and, for Telegram, the `chatType` and `requesterRole` that the gateway
/// notes. What is not noted counts as a person. The error is a sentence: an id that is none, which must not
/// become part of a path.
std::expected<WorkspaceOwner, std::string> workspace_owner(const domain::Job& job);

/// PI_WORKSPACE, <home>/people/<id> or <home>/groups/<id>.
std::filesystem::path workspace_folder(const WorkspaceOwner& owner, const config::WorkerSettings& settings);

/// One thread of talk with an agent: the session's history, and where it works. A session whose requester
/// gets another workspace (an owner who is none any more) is another conversation.
struct Conversation {
  std::string session_key;
  std::filesystem::path workspace;
  WorkspaceOwner owner;
  std::string name;  ///< of its folder, its lock and its pi session: see session_name()
};

/// The job's conversation; its workspace is there. The error is a sentence for the person who asked.
std::expected<Conversation, std::string> open_conversation(const domain::Job& job,
                                                           const config::WorkerSettings& settings);

}  // namespace butler::worker
