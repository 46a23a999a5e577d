#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"
#include "gateway/approval_records.hpp"
#include "gateway/language.hpp"

/// What Butler says about tool calls that need somebody's yes. Plain text unless it says Markdown. Pure.
namespace butler::gateway::wording {

/// What a message shows of a tool call.
struct ShownCall {
  std::string short_id = {};
  std::string job = {};        ///< its short id and the begin of its request, in one line
  std::string requester = {};  ///< who asks, when somebody else decides; "" when it is the same person
  std::string input = {};      ///< with everything that hides in it made visible
  bool whole = true;           ///< false: the input is only its beginning, and the rest comes as a file
  std::size_t characters = 0;  ///< of the whole input
  bool hides = false;          ///< it holds characters that do not show
  bool imitates = false;       ///< it holds letters that only look like Latin ones
};

/// Markdown: the question, with how to answer it.
std::string tool_request(Language language, const api::Approval& approval, const ShownCall& shown);
/// Markdown, to the one whose job it is, while an owner decides.
std::string owner_is_asked_about_tool(Language language, const api::Approval& approval,
                                      const ShownCall& shown, std::string_view short_job_id);
/// Whether a message shows everything about a call but its input.
bool fits_into_a_message(const api::Approval& approval);
/// The file with everything about a call that is too long for a message.
std::string tool_request_in_full(Language language, const api::Approval& approval, const std::string& input);
std::string tool_request_file_name(std::string_view short_id);
std::string tool_request_caption(Language language, std::string_view short_id);

/// "bash: rm -rf build": one visible line, not too long.
std::string tool_call_summary(const api::Approval& approval);
/// "k3j2h1 · bash: rm -rf build · waits for 2 min".
std::string waiting_approval_line(Language language, const AskedApproval& approval, domain::Timestamp now);

/// What came of it: to everybody who was asked, and to the one who decided. `who` is their name.
std::string tool_outcome(Language language, const AskedApproval& asked, const api::Approval& approval,
                         std::string_view who);
/// Nobody needs to decide, because the job is over.
std::string tool_request_is_moot(Language language, const AskedApproval& asked);
std::string already_decided(Language language, const api::Approval& approval, std::string_view who);

std::string unknown_scope(Language language, std::string_view typed);
std::string scope_is_not_offered(Language language, const api::Approval& approval,
                                 domain::ApprovalScope wanted);
std::string jobs_are_approved_once(Language language, std::string_view short_id);
/// What waits came after the command was written, or is not sure to have been seen.
std::string name_what_you_mean(Language language, std::string_view command,
                               const std::vector<std::string>& lines);

/// How deciders are named when nothing but their id is known.
std::string somebody(Language language, std::string_view person_id);

/// A tool or a connection was refused by the rules, without anybody being asked: `message` is the log's.
std::string refused_by_rules(std::string_view message);

}  // namespace butler::gateway::wording
