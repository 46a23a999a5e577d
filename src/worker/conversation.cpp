#include "worker/conversation.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "worker/private_files.hpp"
#include "worker/session_store.hpp"

namespace butler::worker {

namespace {

using Kind = WorkspaceOwner::Kind;

constexpr std::size_t longest_id = 20;

std::string_view noted(const domain::Job& job, const std::string& name) {
  if (!job.metadata) return {};
  const auto found = job.metadata->find(name);
  return found == job.metadata->end() ? std::string_view{} : std::string_view{found->second};
}

bool is_telegram_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_id && text.front() != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::expected<WorkspaceOwner, std::string> workspace_owner(const domain::Job& job) {
  if (job.channel != domain::Channel::telegram) return WorkspaceOwner{};
  if (noted(job, "chatType") == "group") {
    const bool is_group =
        job.chat_id.starts_with('-') && is_telegram_id(std::string_view{job.chat_id}.substr(1));
    if (!is_group) return std::unexpected(std::string{"the job's chat is no group of Telegram's"});
    return WorkspaceOwner{.kind = Kind::group, .id = job.chat_id.substr(1)};
  }
  if (noted(job, "chatType") == "private" && noted(job, "requesterRole") == "owner") return WorkspaceOwner{};
  if (!is_telegram_id(job.requester_id)) {
    return std::unexpected(std::string{"the job's requester is no person of Telegram's"});
  }
  return WorkspaceOwner{.kind = Kind::person, .id = job.requester_id};
}

std::filesystem::path workspace_folder(const WorkspaceOwner& owner, const config::WorkerSettings& settings) {
  switch (owner.kind) {
    case Kind::owners: return settings.workspace;
    case Kind::person: return settings.home / "people" / owner.id;
    case Kind::group: return settings.home / "groups" / owner.id;
  }
  return settings.workspace;
}

std::expected<Conversation, std::string> open_conversation(const domain::Job& job,
                                                           const config::WorkerSettings& settings) {
  const auto owner = workspace_owner(job);
  if (!owner) return std::unexpected(owner.error());
  const auto folder = workspace_folder(*owner, settings);
  // The owners' sessions have the names that they always had.
  const std::string key =
      owner->kind == Kind::owners ? job.session_key : job.session_key + "\n" + folder.string();
  try {
    if (owner->kind != Kind::owners) make_private_folder(folder.parent_path());
    make_private_folder(folder);
  } catch (const std::system_error& error) {
    return std::unexpected(std::string{"the workspace cannot be used: "} + error.what());
  }
  return Conversation{
      .session_key = job.session_key, .workspace = folder, .owner = *owner, .name = session_name(key)};
}

}  // namespace butler::worker
