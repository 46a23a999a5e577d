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

bool is_connection(const api::Approval& approval) { return approval.tool_name == "network"; }

bool offers(const api::Approval& approval, ApprovalScope scope) {
  return std::ranges::find(approval.scopes, scope) != approval.scopes.end();
}

std::string question(Language language, const api::Approval& approval, const ShownCall& shown) {
  const std::string tool = code_span(tool_name(approval));
  const std::string who = code_span(shown.requester);
  if (is_connection(approval)) {
    return shown.requester.empty() ? say(language, "tools.may_connect")
                                   : say(language, "tools.may_connect_for", {{"who", who}});
  }
  return shown.requester.empty() ? say(language, "tools.may_use", {{"tool", tool}})
                                 : say(language, "tools.may_use_for", {{"tool", tool}, {"who", who}});
}

std::string warnings(Language language, const ShownCall& shown) {
  std::string text;
  if (!shown.whole) text += say(language, "tools.not_all", {{"characters", shown.characters}}) + "\n\n";
  if (shown.hides) text += say(language, "tools.hides") + "\n\n";
  if (shown.imitates) text += say(language, "tools.imitates") + "\n\n";
  return text;
}

/// Where it runs, and what it may do: in a block, so that nothing in it is taken for Markdown.
std::string circumstances(Language language, const api::Approval& approval, const ShownCall& shown) {
  std::string text = one_line(approval.risk, longest_risk);
  if (!text.empty()) text += "\n";
  text += say(language, "tools.circumstances",
              {{"folder", one_line(approval.cwd, longest_folder)},
               {"sandbox", one_line(approval.sandbox_profile, longest_name)},
               {"job", shown.job}});
  if (!approval.expires_at) return code_block(text);
  const std::string time = age(language, *approval.expires_at - approval.created_at);
  return code_block(text + "\n" + say(language, "tools.waits_for", {{"time", time}}));
}

std::string how_to_answer(Language language, const api::Approval& approval, std::string_view short_id) {
  std::string scopes;
  if (offers(approval, ApprovalScope::session)) scopes = "session";
  if (offers(approval, ApprovalScope::always)) scopes += scopes.empty() ? "always" : "|always";
  if (!scopes.empty()) scopes = " [" + scopes + "]";
  if (scopes.empty() && !offers(approval, ApprovalScope::once)) {
    return say(language, "tools.how_deny", {{"id", short_id}});
  }
  return say(language, "tools.how", {{"id", short_id}, {"scopes", scopes}});
}

std::string reach(Language language, const api::Approval& approval) {
  switch (approval.scope.value_or(ApprovalScope::once)) {
    case ApprovalScope::once: return say(language, "tools.reach_once");
    case ApprovalScope::session: return say(language, "tools.reach_session");
    case ApprovalScope::always: return say(language, "tools.reach_always");
  }
  return "";
}

bool says_why(const api::Approval& approval) { return approval.reason && !approval.reason->empty(); }

std::string reason_of(const api::Approval& approval) {
  if (!says_why(approval)) return ".";
  std::string reason = one_line(*approval.reason, longest_decision_reason);
  while (reason.ends_with('.') || reason.ends_with(' ')) reason.pop_back();
  return ": " + reason + ".";
}

/// "a1b2c3 (bash: rm -rf build)".
std::string name_of(const AskedApproval& asked) {
  return fmt::format("{} ({})", domain::short_job_id(asked.id), asked.summary);
}

}  // namespace

std::string tool_request(Language language, const api::Approval& approval, const ShownCall& shown) {
  return question(language, approval, shown) + "\n\n" + code_block(shown.input) + "\n\n" +
         warnings(language, shown) + circumstances(language, approval, shown) + "\n\n" +
         how_to_answer(language, approval, shown.short_id);
}

std::string owner_is_asked_about_tool(Language language, const api::Approval& approval,
                                      const ShownCall& shown, std::string_view short_job_id) {
  const std::string asked = is_connection(approval)
                                ? say(language, "tools.owner_is_asked_to_connect", {{"id", shown.short_id}})
                                : say(language, "tools.owner_is_asked_to_use",
                                      {{"tool", code_span(tool_name(approval))}, {"id", shown.short_id}});
  return asked + "\n\n" + code_block(shown.input) + "\n\n" +
         say(language, "tools.stop_job", {{"id", short_job_id}});
}

bool fits_into_a_message(const api::Approval& approval) {
  const auto fits = [](std::string_view text, std::size_t limit) {
    return domain::count_code_points(domain::make_all_visible(text)) <= limit;
  };
  return fits(approval.tool_name, longest_name) && fits(approval.cwd, longest_folder) &&
         fits(approval.sandbox_profile, longest_name) && fits(approval.risk, longest_risk);
}

std::string tool_request_in_full(Language language, const api::Approval& approval, const std::string& input) {
  return say(language, "tools.in_full",
             {{"tool", domain::make_all_visible(approval.tool_name)},
              {"folder", domain::make_all_visible(approval.cwd)},
              {"sandbox", domain::make_all_visible(approval.sandbox_profile)},
              {"risk", domain::make_all_visible(approval.risk)},
              {"input", input}});
}

std::string tool_request_file_name(std::string_view short_id) {
  return fmt::format("approval-{}.txt", short_id);
}

std::string tool_request_caption(Language language, std::string_view short_id) {
  return say(language, "tools.in_full_caption", {{"id", short_id}});
}

std::string tool_call_summary(const api::Approval& approval) {
  const std::string name = tool_name(approval);
  if (approval.summary.empty()) return name;
  return one_line(name + ": " + approval.summary, longest_summary);
}

std::string waiting_approval_line(Language language, const AskedApproval& approval, domain::Timestamp now) {
  return say(language, "tools.waiting_line",
             {{"id", domain::short_job_id(approval.id)},
              {"summary", approval.summary},
              {"time", age(language, now - approval.asked_at)}});
}

std::string tool_outcome(Language language, const AskedApproval& asked, const api::Approval& approval,
                         std::string_view who) {
  const std::string what = name_of(asked);
  const std::string by = who.empty() ? "" : say(language, "tools.by", {{"who", who}});
  switch (approval.status) {
    case ApprovalStatus::allowed:
      return say(language, "tools.allowed",
                 {{"what", what}, {"reach", reach(language, approval)}, {"by", by}});
    case ApprovalStatus::denied:
      return say(language, "tools.denied", {{"what", what}, {"by", by}, {"reason", reason_of(approval)}});
    case ApprovalStatus::pending: return say(language, "tools.waits", {{"what", what}});
    case ApprovalStatus::expired: break;
  }
  const std::string reason =
      says_why(approval) ? reason_of(approval) : say(language, "tools.expired_in_time");
  return say(language, "tools.expired", {{"what", what}, {"reason", reason}});
}

std::string tool_request_is_moot(Language language, const AskedApproval& asked) {
  return say(language, "tools.moot", {{"what", name_of(asked)}});
}

std::string already_decided(Language language, const api::Approval& approval, std::string_view who) {
  const std::string short_id = domain::short_job_id(approval.id);
  const std::string by = who.empty() ? "" : say(language, "tools.by_then", {{"who", who}});
  switch (approval.status) {
    case ApprovalStatus::allowed:
      return say(language, "tools.already_allowed",
                 {{"id", short_id}, {"reach", reach(language, approval)}, {"by", by}});
    case ApprovalStatus::denied: return say(language, "tools.already_denied", {{"id", short_id}, {"by", by}});
    case ApprovalStatus::pending: return say(language, "tools.still_waits", {{"id", short_id}});
    case ApprovalStatus::expired: break;
  }
  return say(language, "tools.already_expired", {{"id", short_id}});
}

std::string unknown_scope(Language language, std::string_view typed) {
  return say(language, "tools.unknown_scope", {{"typed", one_line(typed, longest_typed)}});
}

std::string scope_is_not_offered(Language language, const api::Approval& approval, ApprovalScope wanted) {
  std::string offered;
  for (const ApprovalScope scope : approval.scopes) {
    offered += (offered.empty() ? "" : ", ") + std::string{domain::enum_name(scope)};
  }
  return say(language, "tools.scope_is_not_offered",
             {{"id", domain::short_job_id(approval.id)},
              {"scope", domain::enum_name(wanted)},
              {"offered", offered}});
}

std::string jobs_are_approved_once(Language language, std::string_view short_id) {
  return say(language, "jobs.approved_once", {{"id", short_id}});
}

std::string name_what_you_mean(Language language, std::string_view command,
                               const std::vector<std::string>& lines) {
  return say(language, "tools.name_what_you_mean", {{"command", command}, {"lines", lines_below(lines)}});
}

std::string somebody(Language language, std::string_view person_id) {
  return say(language, "tools.somebody", {{"id", person_id}});
}

std::string refused_by_rules(std::string_view message) { return one_line(message, longest_refusal); }

}  // namespace butler::gateway::wording
