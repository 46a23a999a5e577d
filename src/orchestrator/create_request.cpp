#include <algorithm>
#include <set>

#include "api/artifact.hpp"
#include "domain/limits.hpp"
#include "orchestrator/job_service.hpp"

// What POST /v1/jobs accepts, and what it means.
namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

void check_metadata(const std::map<std::string, std::string>& metadata, FieldProblems& problems) {
  if (metadata.size() > limits::metadata_keys) {
    problems.add("metadata", "must have at most " + std::to_string(limits::metadata_keys) + " members");
  }
  for (const auto& [key, value] : metadata) {
    problems.check_length("metadata", key, 1, limits::metadata_key);
    problems.check_length("metadata/" + key, value, 0, limits::metadata_value);
  }
}

void check_labels(const std::vector<std::string>& labels, FieldProblems& problems) {
  if (labels.size() > limits::labels) {
    problems.add("labels", "must have at most " + std::to_string(limits::labels) + " items");
  }
  for (const auto& label : labels) problems.check_length("labels", label, 1, limits::label);
}

void check_attachments(const std::vector<std::string>& names, FieldProblems& problems) {
  if (names.size() > limits::attachments) {
    problems.add("attachments", "must have at most " + std::to_string(limits::attachments) + " items");
  }
  if (!std::ranges::all_of(names, api::is_artifact_name)) {
    problems.add("attachments",
                 "must be names of 1 to 128 letters, digits, '.', '_' and '-' that do not start with a dot");
  }
  if (std::set(names.begin(), names.end()).size() != names.size()) {
    problems.add("attachments", "must not hold a name twice");
  }
}

}  // namespace

std::optional<Refusal> check(const api::CreateJobRequest& request) {
  FieldProblems problems;
  problems.check_length("prompt", request.prompt, 1, limits::prompt);
  problems.check_length("chatId", request.chat_id, 1, limits::person_or_chat_id);
  problems.check_length("requesterId", request.requester_id, 1, limits::person_or_chat_id);
  problems.check_optional("threadId", request.thread_id, 1, limits::person_or_chat_id);
  problems.check_length("sessionKey", request.session_key, 1, limits::session_key);
  problems.check_optional("deliverTo", request.deliver_to, 1, limits::deliver_to);
  if (request.metadata) check_metadata(*request.metadata, problems);
  if (request.labels) check_labels(*request.labels, problems);
  if (request.attachments) check_attachments(*request.attachments, problems);
  if (request.attachments && request.attachments_from) {
    problems.add("attachmentsFrom", "is taken only without attachments");
  }
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

domain::Job to_job(const api::CreateJobRequest& request) {
  domain::Job job;
  job.kind = request.kind.value_or(domain::JobKind::task);
  // A shell command is never run unasked, whatever the client sent.
  job.requires_approval = job.kind == domain::JobKind::run || request.requires_approval.value_or(false);
  job.status = job.requires_approval ? domain::JobStatus::needs_approval : domain::JobStatus::queued;
  job.prompt = request.prompt;
  job.channel = request.channel;
  job.chat_id = request.chat_id;
  job.requester_id = request.requester_id;
  job.thread_id = request.thread_id;
  job.session_key = request.session_key;
  job.metadata = request.metadata;
  job.deliver_to = request.deliver_to;
  job.labels = request.labels;
  job.attachments = request.attachments;
  return job;
}

bool same_request(const domain::Job& one, const domain::Job& other) {
  return one.kind == other.kind && one.prompt == other.prompt && one.channel == other.channel &&
         one.chat_id == other.chat_id && one.requester_id == other.requester_id &&
         one.thread_id == other.thread_id && one.session_key == other.session_key &&
         one.requires_approval == other.requires_approval && one.metadata == other.metadata &&
         one.deliver_to == other.deliver_to && one.labels == other.labels &&
         one.attachments == other.attachments;
}

}  // namespace butler::orchestrator
