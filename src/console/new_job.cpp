#include "console/new_job.hpp"

#include <map>

#include "api/describe.hpp"
#include "domain/describe.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "json/codec.hpp"
#include "process/role.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds creation_patience{30};
constexpr std::size_t key_bytes = 16;
constexpr std::size_t session_bytes = 6;

}  // namespace

std::optional<std::string> find_prompt_fault(const std::string& prompt) {
  if (prompt.find_first_not_of(" \t\r\n") == std::string::npos) {
    return "there is nothing to do: give the request behind the command, or on its standard input";
  }
  if (!domain::is_valid_utf8(prompt)) return "the request is no UTF-8 text";
  const auto characters = domain::count_code_points(prompt);
  if (characters <= domain::limits::prompt) return std::nullopt;
  return "the request has " + std::to_string(characters) + " characters, and at most " +
         std::to_string(domain::limits::prompt) +
         " are taken: put the text into a file of the workspace and name that";
}

api::CreateJobRequest terminal_task(const std::string& prompt, const std::string& session_key,
                                    const std::string& person) {
  api::CreateJobRequest request;
  request.kind = domain::JobKind::task;
  request.prompt = prompt;
  request.channel = domain::Channel::cli;
  request.chat_id = person;
  request.requester_id = person;
  request.session_key = session_key;
  return request;
}

api::CreateJobRequest same_again(const domain::Job& job) {
  api::CreateJobRequest request;
  request.kind = job.kind;
  request.prompt = job.prompt;
  request.channel = job.channel;
  request.chat_id = job.chat_id;
  request.requester_id = job.requester_id;
  request.thread_id = job.thread_id;
  request.session_key = job.session_key;
  request.requires_approval = job.requires_approval;
  request.metadata = job.metadata;
  request.deliver_to = job.deliver_to;
  request.labels = job.labels;
  if (job.attachments && !job.attachments->empty()) request.attachments_from = job.id;
  return request;
}

std::string fresh_session_key(const std::string& person) {
  return person + ":" + process::random_hex(session_bytes);
}

asio::awaitable<domain::Job> create_job(Connection& connection, api::CreateJobRequest request,
                                        std::string key) {
  // Whoever has not started Butler need not wait to hear it: only an answer that is lost is waited for.
  auto state = co_await connection.orchestrator().admin_state();
  connection.require(std::move(state));
  const std::string body = json::serialize(json::encode(request));
  const auto call = [&] { return connection.orchestrator().create_job(key, body); };
  auto job = co_await call_patiently<domain::Job>(call, creation_patience);
  co_return connection.require(std::move(job));
}

asio::awaitable<std::string> latest_session(Connection& connection) {
  api::JobQuery query;
  query.chat_id = connection.access().person;
  query.limit = 1;
  auto answer = co_await connection.orchestrator().list_jobs(query);
  const auto list = connection.require(std::move(answer));
  co_return list.jobs.empty() ? fresh_session_key(connection.access().person) : list.jobs.front().session_key;
}

std::string new_request_key() { return "cli:" + process::random_hex(key_bytes); }

}  // namespace butler::console
