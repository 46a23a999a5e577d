#include "orchestrator/refusal.hpp"

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/utf8.hpp"

namespace butler::orchestrator {

void FieldProblems::add(std::string_view field, std::string text) {
  details_[std::string{field}].push_back(std::move(text));
}

void FieldProblems::check_length(std::string_view field, std::string_view text, std::size_t least,
                                 std::size_t most) {
  const std::size_t length = domain::count_code_points(text);
  if (length < least) {
    add(field,
        length == 0 ? "must not be empty" : "must have at least " + std::to_string(least) + " characters");
  }
  if (length > most) {
    add(field, "must have at most " + std::to_string(most) + " characters, has " + std::to_string(length));
  }
}

void FieldProblems::check_optional(std::string_view field, const std::optional<std::string>& text,
                                   std::size_t least, std::size_t most) {
  if (text) check_length(field, *text, least, most);
}

void FieldProblems::add_within(std::string_view field, const FieldProblems& problems) {
  for (const auto& [inner, texts] : problems.details_) {
    for (const auto& text : texts) add(std::string{field} + "/" + inner, text);
  }
}

Refusal FieldProblems::refusal() const {
  json::Object details;
  for (const auto& [field, texts] : details_) details.emplace(field, json::Array(texts.begin(), texts.end()));
  Refusal refusal{400, "invalid_request", "the request is not valid", {}};
  refusal.more.emplace("details", std::move(details));
  return refusal;
}

Refusal invalid_request(const std::vector<json::Problem>& problems) {
  FieldProblems fields;
  for (const auto& problem : problems)
    fields.add(problem.path.empty() ? "body" : problem.path, problem.message);
  return fields.refusal();
}

Refusal invalid_request(std::string_view field, std::string text) {
  FieldProblems fields;
  fields.add(field, std::move(text));
  return fields.refusal();
}

Refusal job_not_found() { return {404, "job_not_found", "there is no such job", {}}; }

Refusal invalid_transition(domain::JobStatus status, domain::JobAction action) {
  const auto status_name = domain::enum_name(status);
  const auto action_name = domain::enum_name(action);
  Refusal refusal{409,
                  "invalid_transition",
                  "a job that is " + std::string{status_name} + " takes no " + std::string{action_name},
                  {}};
  refusal.more.emplace("status", status_name);
  refusal.more.emplace("command", action_name);
  return refusal;
}

Refusal lease_lost(const std::optional<store::Lease>& lease) {
  Refusal refusal{409, "lease_lost", "this lease is over: stop the work, drop the job and claim again", {}};
  if (lease) {
    refusal.more.emplace("holder", lease->worker_id);
    refusal.more.emplace("since", domain::to_iso8601(lease->since));
  } else {
    refusal.more.emplace("holder", nullptr);
  }
  return refusal;
}

http::Response json_response(int status, const json::Value& body) {
  return http::json_response(status, json::serialize(body));
}

http::Response to_response(const Refusal& refusal) {
  json::Object body;
  body.emplace("error", refusal.code);
  if (!refusal.message.empty()) body.emplace("message", refusal.message);
  for (const auto& member : refusal.more) body.emplace(member.key(), member.value());
  auto response = json_response(refusal.status, body);
  if (refusal.status == 503) response.headers.add("retry-after", "1");
  return response;
}

http::Response error_response(int status, std::string_view code, std::string_view message) {
  return to_response({status, std::string{code}, std::string{message}, {}});
}

}  // namespace butler::orchestrator
