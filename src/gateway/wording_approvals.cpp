#include "gateway/wording_approvals.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/markdown_code.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::wording {

namespace {

using domain::ApprovalScope;
using domain::ApprovalStatus;

constexpr std::size_t longest_name = 60;
constexpr std::size_t longest_folder = 300;
constexpr std::size_t longest_risk = 600;
constexpr std::size_t longest_summary = 100;
constexpr std::size_t longest_typed = 32;
constexpr std::size_t longest_decision_reason = 300;
constexpr std::size_t longest_refusal = 600;

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line = domain::make_all_visible(text);
  std::ranges::replace(line, '\n', ' ');
  return domain::shorten(line, limit);
}

std::string tool_name(const api::Approval& approval) { return one_line(approval.tool_name, longest_name); }

bool offers(const api::Approval& approval, ApprovalScope scope) {
  return std::ranges::find(approval.scopes, scope) != approval.scopes.end();
}

std::string question(const api::Approval& approval, const ShownCall& shown) {
  const bool network = approval.tool_name == "network";
  const std::string what = network ? "open a connection to" : "use " + code_span(tool_name(approval));
  if (shown.requester.empty()) return fmt::format("May I {}?", what);
  return fmt::format("May I {} for {}?", what, code_span(shown.requester));
}

std::string warnings(const ShownCall& shown) {
  std::string text;
  if (!shown.whole) {
    text += fmt::format(
        "**That is not all of it** ({} characters). The whole is in the file: read it before you decide.\n\n",
        shown.characters);
  }
  if (shown.hides) {
    text +=
        "**Careful:** it holds characters that do not show. They are written as their codes, like "
        "⟨U+202E⟩.\n\n";
  }
  if (shown.imitates) text += "**Careful:** it holds letters that only look like Latin ones.\n\n";
  return text;
}

/// Where it runs, and what it may do: in a block, so that nothing in it is taken for Markdown.
std::string circumstances(const api::Approval& approval, const ShownCall& shown) {
  std::string text = one_line(approval.risk, longest_risk);
  if (!text.empty()) text += "\n";
  text += fmt::format("Folder: {}\nSandbox: {}\nJob: {}", one_line(approval.cwd, longest_folder),
                      one_line(approval.sandbox_profile, longest_name), shown.job);
  if (!approval.expires_at) return code_block(text);
  text += fmt::format("\nWaits for {}.", age(*approval.expires_at - approval.created_at));
  return code_block(text);
}

std::string how_to_answer(const api::Approval& approval, std::string_view short_id) {
  std::string text;
  if (offers(approval, ApprovalScope::once)) text += fmt::format("/approve {} - this once\n", short_id);
  if (offers(approval, ApprovalScope::session)) {
    text += fmt::format("/approve {} session - and the same again in this conversation\n", short_id);
  }
  if (offers(approval, ApprovalScope::always)) {
    text += fmt::format("/approve {} always - and the same again from now on\n", short_id);
  }
  return text + fmt::format("/deny {} [reason]", short_id);
}

std::string_view reach(const api::Approval& approval) {
  switch (approval.scope.value_or(ApprovalScope::once)) {
    case ApprovalScope::once: return "this once";
    case ApprovalScope::session: return "for this conversation";
    case ApprovalScope::always: return "from now on";
  }
  return "";
}

std::string reason_of(const api::Approval& approval) {
  if (!approval.reason || approval.reason->empty()) return ".";
  std::string reason = one_line(*approval.reason, longest_decision_reason);
  while (reason.ends_with('.') || reason.ends_with(' ')) reason.pop_back();
  return ": " + reason + ".";
}

}  // namespace

std::string tool_request(const api::Approval& approval, const ShownCall& shown) {
  return question(approval, shown) + "\n\n" + code_block(shown.input) + "\n\n" + warnings(shown) +
         circumstances(approval, shown) + "\n\n" + how_to_answer(approval, shown.short_id);
}

std::string owner_is_asked_about_tool(const api::Approval& approval, const ShownCall& shown,
                                      std::string_view short_job_id) {
  const std::string what = approval.tool_name == "network"
                               ? "open this connection"
                               : fmt::format("use {} like this", code_span(tool_name(approval)));
  return fmt::format(
      "My owner has to allow me to {}, and I have asked ({}):\n\n{}\n\n/abort {} stops the job.", what,
      shown.short_id, code_block(shown.input), short_job_id);
}

bool fits_into_a_message(const api::Approval& approval) {
  const auto fits = [](std::string_view text, std::size_t limit) {
    return domain::count_code_points(domain::make_all_visible(text)) <= limit;
  };
  return fits(approval.tool_name, longest_name) && fits(approval.cwd, longest_folder) &&
         fits(approval.sandbox_profile, longest_name) && fits(approval.risk, longest_risk);
}

std::string tool_request_in_full(const api::Approval& approval, const std::string& input) {
  return fmt::format("Tool: {}\nFolder: {}\nSandbox: {}\nRisk: {}\n\n{}\n",
                     domain::make_all_visible(approval.tool_name), domain::make_all_visible(approval.cwd),
                     domain::make_all_visible(approval.sandbox_profile),
                     domain::make_all_visible(approval.risk), input);
}

std::string tool_request_file_name(std::string_view short_id) {
  return fmt::format("approval-{}.txt", short_id);
}

std::string tool_request_caption(std::string_view short_id) {
  return fmt::format("The whole of {}", short_id);
}

std::string tool_call_summary(const api::Approval& approval) {
  const std::string name = tool_name(approval);
  if (approval.summary.empty()) return name;
  return one_line(name + ": " + approval.summary, longest_summary);
}

std::string waiting_approval_line(const AskedApproval& approval, domain::Timestamp now) {
  return fmt::format("{} · {} · waits for {}", domain::short_job_id(approval.id), approval.summary,
                     age(now - approval.asked_at));
}

std::string tool_outcome(const AskedApproval& asked, const api::Approval& approval, std::string_view who) {
  const std::string what = fmt::format("{} ({})", domain::short_job_id(asked.id), asked.summary);
  const std::string by = who.empty() ? "" : fmt::format(" by {}", who);
  switch (approval.status) {
    case ApprovalStatus::allowed: return fmt::format("Allowed {}, {}{}.", what, reach(approval), by);
    case ApprovalStatus::denied: return fmt::format("Denied {}{}{}", what, by, reason_of(approval));
    case ApprovalStatus::pending: return fmt::format("{} waits for a decision.", what);
    case ApprovalStatus::expired: break;
  }
  const bool says_why = approval.reason && !approval.reason->empty();
  return fmt::format("{} was not decided, so it was not done{}", what,
                     says_why ? reason_of(approval) : ": nobody decided in time.");
}

std::string tool_request_is_moot(const AskedApproval& asked) {
  return fmt::format("{} ({}) was not decided, so it was not done: its job is over.",
                     domain::short_job_id(asked.id), asked.summary);
}

std::string already_decided(const api::Approval& approval, std::string_view who) {
  const std::string short_id = domain::short_job_id(approval.id);
  const std::string by = who.empty() ? "" : fmt::format(", by {}", who);
  switch (approval.status) {
    case ApprovalStatus::allowed:
      return fmt::format("{} was allowed already, {}{}.", short_id, reach(approval), by);
    case ApprovalStatus::denied: return fmt::format("{} was denied already{}.", short_id, by);
    case ApprovalStatus::pending: return fmt::format("{} still waits for a decision.", short_id);
    case ApprovalStatus::expired: break;
  }
  return fmt::format("{} has expired: it was not done, and nothing can be decided about it.", short_id);
}

std::string unknown_scope(std::string_view typed) {
  return fmt::format(
      "I don't know what “{}” should mean there, so nothing was allowed. Behind the id goes session or "
      "always, or nothing for this once.",
      one_line(typed, longest_typed));
}

std::string scope_is_not_offered(const api::Approval& approval, ApprovalScope wanted) {
  std::string offered;
  for (const ApprovalScope scope : approval.scopes) {
    offered += (offered.empty() ? "" : ", ") + std::string{domain::enum_name(scope)};
  }
  return fmt::format("{} can't be allowed with {}, so nothing was allowed. What goes: {}.",
                     domain::short_job_id(approval.id), domain::enum_name(wanted), offered);
}

std::string jobs_are_approved_once(std::string_view short_id) {
  return fmt::format("{} is a command, and each one is approved by itself. Write /approve {} to run it.",
                     short_id, short_id);
}

std::string name_what_you_mean(std::string_view command, const std::vector<std::string>& lines) {
  std::string text = fmt::format(
      "I can't be sure that you had seen what waits when you wrote that. Write {} and the id:\n", command);
  for (const auto& line : lines) text += "\n" + line;
  return text;
}

std::string somebody(std::string_view person_id) { return fmt::format("id {}", person_id); }

std::string refused_by_rules(std::string_view message) { return one_line(message, longest_refusal); }

}  // namespace butler::gateway::wording
