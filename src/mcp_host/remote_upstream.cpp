#include "mcp_host/remote_upstream.hpp"

#include <algorithm>
#include <utility>

#include "http/event_stream.hpp"

namespace butler::mcp_host {

namespace asio = boost::asio;

namespace {

constexpr std::size_t answer_limit = std::size_t{8} * 1024 * 1024;
constexpr std::size_t error_limit = 2'000;
constexpr std::size_t sessions_at_most = 64;
constexpr std::size_t longest_session_id = 512;

std::chrono::milliseconds left_until(Upstream::Deadline deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(std::chrono::milliseconds{1}, std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

Reply failure(std::string why) { return {.failure = std::move(why)}; }

/// Finds the answer in what comes: JSON at its end, events as they end.
class AnswerReader {
 public:
  AnswerReader(const http::Response& head, const json::Value& id)
      : events_(head.headers.find("content-type").value_or("").starts_with("text/event-stream")), id_(id) {}

  std::optional<json::Object> take(std::string_view bytes) {
    if (events_) return first_of(stream_.feed(bytes));
    text_.append(bytes);
    return std::nullopt;
  }
  std::optional<json::Object> finish() {
    if (events_) return read_answer(stream_.finish(), id_);
    return read_answer(text_, id_);
  }

 private:
  std::optional<json::Object> first_of(const std::vector<std::string>& events) {
    for (const auto& event : events) {
      if (auto answer = read_answer(event, id_)) return answer;
    }
    return std::nullopt;
  }

  bool events_;
  const json::Value& id_;
  http::EventStream stream_;
  std::string text_;
};

/// Where it is connected to; the path stands in each request.
http::Url root_of(http::Url url) {
  url.path.clear();
  return url;
}

std::string refusal_text(int status) {
  if (status >= 300 && status < 400) return "the server answers with a redirect, which is not followed";
  if (status == 401 || status == 403) {
    return "the server refuses what Butler is configured to send it (HTTP " + std::to_string(status) + ")";
  }
  return "the server answers HTTP " + std::to_string(status);
}

}  // namespace

RemoteUpstream::RemoteUpstream(const asio::any_io_executor& executor, std::shared_ptr<const Server> server)
    : server_(std::move(server)),
      remote_(std::get<RemoteServer>(server_->place)),
      client_(executor, root_of(remote_.url), {.response_limit = answer_limit}) {}

asio::awaitable<void> RemoteUpstream::close() { co_return; }

http::Request RemoteUpstream::request(std::string_view method, const SessionFields& session) const {
  http::Request made{.head = {.method = std::string{method},
                              .target = remote_.url.path.empty() ? "/" : remote_.url.path,
                              .headers = {}},
                     .body = {}};
  auto& headers = made.head.headers;
  headers.add("accept", "application/json, text/event-stream");
  headers.add("accept-encoding", "identity");
  if (!session.id.empty()) headers.add("mcp-session-id", session.id);
  if (!session.protocol_version.empty()) headers.add("mcp-protocol-version", session.protocol_version);
  for (const auto& [name, value] : remote_.headers) headers.add(name, value);
  return made;
}

asio::awaitable<Reply> RemoteUpstream::ask(Call call, SessionFields session, Deadline deadline) {
  if (!session.id.empty() && !sessions_.contains(session.id)) co_return Reply{.session_gone = true};
  auto asked = request("POST", session);
  asked.head.headers.add("content-type", "application/json");
  asked.body = call_text(call, call.id);
  auto stream = co_await client_.open(std::move(asked), left_until(deadline));
  if (!stream) co_return failure("the server gives no answer: " + stream.error().message);
  const auto& head = stream->head();
  if (head.status == 404 && !session.id.empty()) {
    sessions_.erase(session.id);
    co_return Reply{.session_gone = true};
  }
  auto reply = co_await read(call, *stream, deadline);
  if (call.method != Method::initialize || !reply.answer) co_return reply;
  const auto given = head.headers.find("mcp-session-id").value_or("");
  if (given.empty()) co_return reply;
  if (given.size() > longest_session_id || !is_visible(given)) {
    co_return failure("the server's session id is none");
  }
  if (sessions_.size() >= sessions_at_most) sessions_.erase(sessions_.begin());
  reply.session_id = std::string{given};
  sessions_.emplace(given);
  co_return reply;
}

asio::awaitable<Reply> RemoteUpstream::read(const Call& call, http::ResponseStream& stream,
                                            Deadline deadline) {
  const int status = stream.head().status;
  const bool success = status >= 200 && status < 300;
  if (success && call.id.is_null()) co_return Reply{};
  AnswerReader reader(stream.head(), call.id);
  std::string error;
  for (;;) {
    auto piece = co_await stream.read(left_until(deadline));
    if (!piece && success) co_return failure("the server's answer broke off: " + piece.error());
    if (!piece || !*piece || error.size() >= error_limit) break;
    if (!success) {
      error.append(**piece, 0, error_limit - error.size());
    } else if (auto answer = reader.take(**piece)) {
      co_return Reply{.answer = std::move(answer)};
    }
    if (std::chrono::steady_clock::now() > deadline) co_return failure("the server has not answered in time");
  }
  if (!success) {
    // With the status of a fault there may still be an answer, such as an error of JSON-RPC.
    if (auto answer = read_answer(error, call.id)) co_return Reply{.answer = std::move(answer)};
    co_return failure(refusal_text(status) + (error.empty() ? "" : ": " + error));
  }
  auto answer = reader.finish();
  if (!answer) co_return failure("the server has answered with no answer to the call");
  co_return Reply{.answer = std::move(answer)};
}

asio::awaitable<bool> RemoteUpstream::end_session(SessionFields session, Deadline deadline) {
  if (sessions_.erase(session.id) == 0) co_return false;
  // Whether the server lets sessions be ended or forgets them by itself: here it is over.
  auto asked = request("DELETE", session);
  const auto answer = co_await client_.send(std::move(asked), left_until(deadline));
  co_return answer.has_value();
}

}  // namespace butler::mcp_host
