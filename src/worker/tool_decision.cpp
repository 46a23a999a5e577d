#include "worker/tool_decision.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "mcp_wrappers/places.hpp"

namespace butler::worker {

namespace {

// U+00A0, U+2000 to U+200A, U+202F, U+205F and U+3000: what pi takes for spaces in a path.
constexpr std::array<std::string_view, 15> unicode_spaces{
    "\xC2\xA0",     "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
    "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

/// The argument as text; JSON when it is something else; nothing when it is not there.
std::optional<std::string> argument(const json::Value& input, std::string_view name) {
  const json::Value* value = json::find(input, name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string{*text};
  return json::serialize(*value);
}

std::string_view words_of(policy::CommandClass what) {
  using enum policy::CommandClass;
  switch (what) {
    case read: return "reads";
    case write_in_workspace: return "writes in the workspace";
    case write_outside: return "writes outside of it";
    case network: return "uses the network";
    case package_install: return "installs software";
    case privilege: return "asks for rights";
    case destructive: return "destroys";
    case unknown: return "runs code that nobody has looked into";
  }
  return "does something unknown";
}

}  // namespace

policy::Requester requester_of(const WorkspaceOwner& owner) {
  switch (owner.kind) {
    case WorkspaceOwner::Kind::owners: return policy::Requester::owner;
    case WorkspaceOwner::Kind::person: return policy::Requester::person;
    case WorkspaceOwner::Kind::group: return policy::Requester::group;
  }
  return policy::Requester::group;
}

CallPlace call_place(const domain::Job& job, const Conversation& conversation,
                     const config::WorkerSettings& settings, std::string agent_home) {
  CallPlace place;
  policy::Question& common = place.common;
  // A conversation has an owner; whatever has none gets the fewest rights.
  const auto owner = workspace_owner(job);
  common.role = owner ? requester_of(*owner) : policy::Requester::group;
  common.requester_id = job.requester_id;
  common.chat_id = job.chat_id;
  common.session_key = job.session_key;
  common.kind = job.kind;
  common.cwd = conversation.workspace.string();
  common.workspace = conversation.workspace.string();
  common.agent_home = std::move(agent_home);
  common.butler_home = settings.home.string();
  common.readable = {(settings.home / "runtime").string()};
  for (const auto& folder : mcp_wrappers::folders_for_agents(settings.mcp_bin_dir))
    common.readable.push_back(folder.string());
  return place;
}

std::expected<std::string, std::string> path_as_pi_reads_it(std::string_view argument) {
  std::string path;
  while (!argument.empty()) {
    const auto space = std::ranges::find_if(
        unicode_spaces, [&](std::string_view candidate) { return argument.starts_with(candidate); });
    const std::size_t length = space == unicode_spaces.end() ? 1 : space->size();
    path += space == unicode_spaces.end() ? argument.substr(0, 1) : " ";
    argument.remove_prefix(length);
  }
  if (path.starts_with('@')) path.erase(0, 1);
  if (path.starts_with("file://")) {
    return std::unexpected(
        std::string{"Name the file by its path and not by an address. It was not started."});
  }
  return path;
}

std::expected<policy::Question, std::string> question_of(const CallPlace& place, const CallQuestion& call) {
  policy::Question question = place.common;
  question.tool = call.tool_name;
  question.command = argument(call.input, "command");
  if (const auto path = argument(call.input, "path")) {
    auto meant = path_as_pi_reads_it(*path);
    if (!meant) return std::unexpected(meant.error());
    question.path = std::move(*meant);
  }
  return question;
}

policy::Question question_of(const CallPlace& place, const HostQuestion& host) {
  policy::Question question = place.common;
  question.tool = "network";
  question.host = host.host;
  return question;
}

std::string risk_words(const policy::Decision& decision) {
  std::string words;
  for (const auto what : decision.classes) {
    words += words.empty() ? "It " : ", ";
    words += words_of(what);
  }
  if (!words.empty()) words += ".";
  if (decision.wrapper) words += " It runs another program.";
  if (!decision.reason.empty()) words += (words.empty() ? "" : " ") + decision.reason;
  return words.empty() ? "Nothing is known about it." : words;
}

std::string denial_words(const policy::Decision& decision) {
  std::string words = "Butler's policy does not allow this";
  if (!decision.rule.empty()) words += " (rule " + decision.rule + ")";
  words += ".";
  if (!decision.reason.empty()) words += " " + decision.reason;
  return words + " It was not started.";
}

}  // namespace butler::worker
