#include "console/job_text.hpp"

#include <algorithm>
#include <chrono>

#include "api/approval_input.hpp"
#include "console/printable.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/job_words.hpp"
#include "domain/visible_text.hpp"
#include "terminal/display_width.hpp"
#include "terminal/table.hpp"

namespace butler::console {

namespace {

using domain::JobStatus;

std::string labelled(std::string_view label, std::string_view value) {
  return std::string{label} + std::string(label.size() < 11 ? 11 - label.size() : 1, ' ') +
         terminal::printable_line(value) + "\n";
}

std::string usage_line(const domain::Usage& usage) {
  std::string cost = std::to_string(usage.cost_usd);  // six digits
  return std::to_string(usage.input_tokens) + " tokens in, " + std::to_string(usage.output_tokens) +
         " out, " + cost + " USD";
}

std::string where_from(const domain::Job& job) {
  std::string text{domain::enum_name(job.channel)};
  text += ", chat " + job.chat_id;
  if (job.thread_id) text += ", topic " + *job.thread_id;
  text += ", asked for by " + job.requester_id;
  if (!job.metadata) return text;
  const auto name = job.metadata->find("requesterName");
  return name == job.metadata->end() ? text : text + " (" + name->second + ")";
}

std::string under(std::string_view title, std::string_view text) {
  std::string block = printable(text);
  if (!block.ends_with('\n')) block += '\n';
  return "\n" + std::string{title} + "\n" + block;
}

bool offers_scope(const api::Approval& approval, domain::ApprovalScope scope) {
  return std::ranges::find(approval.scopes, scope) != approval.scopes.end();
}

}  // namespace

std::string short_line(std::string_view text, std::size_t columns) {
  return terminal::fit_to_width(terminal::printable_line(text), columns);
}

terminal::Style style_of(JobStatus status) {
  switch (status) {
    case JobStatus::needs_approval: return terminal::Style::yellow;
    case JobStatus::running:
    case JobStatus::aborting: return terminal::Style::cyan;
    case JobStatus::completed: return terminal::Style::green;
    case JobStatus::failed: return terminal::Style::red;
    case JobStatus::queued: return terminal::Style::plain;
    case JobStatus::aborted: return terminal::Style::dim;
  }
  return terminal::Style::plain;
}

std::string job_table(std::span<const domain::Job> jobs, const std::set<std::string>& deciding,
                      domain::Timestamp now, const terminal::Palette& palette, std::size_t columns) {
  std::vector<terminal::Row> rows;
  for (const auto& job : jobs) {
    const bool waits = deciding.contains(job.id) && job.status == JobStatus::running;
    const auto status = waits ? JobStatus::needs_approval : job.status;
    rows.push_back({domain::short_job_id(job.id),
                    palette.paint(domain::status_words(status), style_of(status)),
                    domain::duration_words(job, now), std::string{domain::enum_name(job.channel)},
                    std::string{domain::enum_name(job.kind)},
                    terminal::printable_line(job.prompt.substr(0, job.prompt.find('\n')))});
  }
  return terminal::render_table(rows, columns);
}

std::string job_in_full(const domain::Job& job, std::span<const WaitingCall> calls, std::string_view activity,
                        domain::Timestamp now) {
  std::string text = labelled("Job", job.id);
  std::string status{domain::status_words(job.status)};
  status += " " + domain::duration_words(job, now);
  if (!activity.empty()) status += ": " + std::string{activity};
  text += labelled("Status", status);
  text += labelled("From", where_from(job));
  text += labelled("Session", job.session_key);
  text += labelled("Asked", domain::to_iso8601(job.created_at));
  if (job.attempt > 1) {
    text += labelled("Attempt", std::to_string(job.attempt) + " of " + std::to_string(job.max_attempts));
  }
  if (job.worker_id) text += labelled("Worker", *job.worker_id);
  if (job.usage) text += labelled("Used", usage_line(*job.usage));
  if (job.kind == domain::JobKind::run) {
    text += under("Command", domain::make_all_visible(job.prompt));
  } else {
    text += under("Request", job.prompt);
  }
  for (const auto& call : calls)
    text += under("Waits for a decision", call_in_full(call.approval, AskedIn::shell));
  if (job.status == JobStatus::needs_approval) {
    const std::string id = domain::short_job_id(job.id);
    text += "\nIt waits for approval: butler job approve " + id + ", or butler job deny " + id + "\n";
  }
  if (job.error && !job.error->empty()) text += under("Error", *job.error);
  if (job.result_text && !job.result_text->empty()) {
    const bool whole = job.status == JobStatus::completed;
    text += under(whole ? "Answer" : "Text so far", *job.result_text);
  }
  return text;
}

std::string call_in_full(const api::Approval& approval, AskedIn where) {
  const std::string input = api::input_text(approval);
  std::string text = terminal::printable_line(domain::make_all_visible(approval.tool_name)) + ":\n";
  text += domain::make_all_visible(input);
  if (!text.ends_with('\n')) text += '\n';
  if (domain::mixes_lookalikes(input)) text += "Careful: it holds letters that only look like Latin ones.\n";
  text += labelled("Risk", domain::make_all_visible(approval.risk));
  text += labelled("Folder", domain::make_all_visible(approval.cwd));
  text += labelled("Sandbox", domain::make_all_visible(approval.sandbox_profile));
  return text + how_to_decide(approval, where) + "\n";
}

std::string how_to_decide(const api::Approval& approval, AskedIn where) {
  const std::string id = domain::short_job_id(approval.id);
  const bool in_chat = where == AskedIn::chat;
  std::string scopes;
  if (offers_scope(approval, domain::ApprovalScope::session)) scopes = "session";
  if (offers_scope(approval, domain::ApprovalScope::always)) scopes += scopes.empty() ? "always" : "|always";
  if (!scopes.empty()) scopes = (in_chat ? " [" : " [--scope ") + scopes + "]";
  const std::string command = in_chat ? "/" : "butler job ";
  return command + "approve " + id + scopes + ", or " + command + "deny " + id;
}

}  // namespace butler::console
