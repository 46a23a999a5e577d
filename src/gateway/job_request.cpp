#include "gateway/job_request.hpp"

#include <chrono>
#include <stdexcept>

#include "api/describe.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway {

namespace {

Lane lane_of(const telegram::Message& message) {
  return {.chat_id = message.chat_id, .thread_id = message.thread_id};
}

std::string body(const JobOrigin& origin, domain::JobKind kind, const std::string& prompt,
                 const Session& session) {
  const telegram::Message& message = origin.message;
  api::CreateJobRequest request;
  request.kind = kind;
  request.prompt = prompt;
  request.channel = domain::Channel::telegram;
  request.chat_id = std::to_string(message.chat_id);
  request.requester_id = std::to_string(origin.person.id);
  if (message.thread_id) request.thread_id = std::to_string(*message.thread_id);
  request.session_key = session.key;
  request.requires_approval = kind == domain::JobKind::run;
  request.metadata = {{"messageId", std::to_string(message.message_id)},
                      {"requesterRole", std::string{domain::enum_name(origin.role)}},
                      {"requesterName", wording::person_name(wording::Language::en, origin.person)},
                      {"chatType", place_of(message) == domain::Place::group ? "group" : "private"}};
  request.deliver_to = "telegram:" + std::to_string(origin.bot_id);
  return json::serialize(json::encode(request));
}

}  // namespace

NewTurn job_request(const JobOrigin& origin, domain::JobKind kind, const std::string& prompt,
                    const Session& session) {
  return {.idempotency_key = "tg:" + std::to_string(origin.bot_id) + ":" + std::to_string(origin.update_id),
          .lane = lane_of(origin.message),
          .requester_id = origin.person.id,
          .message_id = origin.message.message_id,
          .kind = kind,
          .body = body(origin, kind, prompt, session),
          .sent_at = domain::Timestamp{std::chrono::seconds{origin.message.date}}};
}

api::CreateJobRequest request_of(const NewTurn& turn) {
  const auto value = json::parse(turn.body);
  auto request =
      value ? json::decode<api::CreateJobRequest>(*value) : std::unexpected(std::vector<json::Problem>{});
  if (!request) throw std::logic_error("gateway.db: the body of a turn cannot be read again");
  return *std::move(request);
}

std::string body_with_prompt(const NewTurn& turn, std::string prompt) {
  auto request = request_of(turn);
  request.prompt = std::move(prompt);
  return json::serialize(json::encode(request));
}

}  // namespace butler::gateway
