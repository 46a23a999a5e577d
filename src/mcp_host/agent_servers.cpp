#include "mcp_host/agent_servers.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <optional>
#include <span>
#include <utility>

#include "async/join.hpp"
#include "log/log.hpp"
#include "mcp_host/local_upstream.hpp"
#include "mcp_host/message_filter.hpp"
#include "mcp_host/remote_upstream.hpp"

namespace butler::mcp_host {

namespace asio = boost::asio;

namespace {

constexpr std::string_view prefix = "/mcp/";
constexpr std::size_t request_limit = std::size_t{2} * 1024 * 1024;
constexpr std::size_t calls_at_once = 8;
constexpr std::size_t longest_version = 32;

http::Response refusal(int status, std::string_view reason) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::string{reason} + ".\n"};
}

http::Response no_job() { return refusal(403, "no job of this agent runs"); }

std::string_view name_in(const http::RequestHead& head) { return head.path().substr(prefix.size()); }

/// What a web page sends, or a name that was made to lead here.
bool is_foreign(const http::RequestHead& head) {
  if (head.headers.find("origin")) return true;
  const auto host = head.headers.find("host").value_or("");
  const auto name = host.substr(0, host.rfind(':'));
  return name != "127.0.0.1" && name != "localhost";
}

SessionFields session_of(const http::RequestHead& head) {
  SessionFields session{.id = std::string{head.headers.find("mcp-session-id").value_or("")}};
  const auto version = head.headers.find("mcp-protocol-version").value_or("");
  const bool is_version = version.size() <= longest_version && std::ranges::all_of(version, [](char c) {
                            return (c >= '0' && c <= '9') || c == '-';
                          });
  if (is_version) session.protocol_version = std::string{version};
  return session;
}

http::Response response_to(const Call& call, const ToolList& tools, const Reply& reply,
                           std::span<const std::string> secrets) {
  if (reply.session_gone) {
    return http::json_response(404, error_text(call.id, server_error, "this session has ended"));
  }
  if (call.id.is_null()) return {.status = 202, .headers = {}, .body = {}};  // nobody waits for more
  if (!reply.answer) return http::json_response(200, error_text(call.id, server_error, reply.failure));
  auto response = http::json_response(200, filter_answer(call, tools, *reply.answer, secrets));
  if (!reply.session_id.empty()) response.headers.add("mcp-session-id", reply.session_id);
  return response;
}

std::unique_ptr<Upstream> make_upstream(const asio::any_io_executor& executor, const ServerSource& source,
                                        std::shared_ptr<const Server> server) {
  if (std::holds_alternative<RemoteServer>(server->place)) {
    return std::make_unique<RemoteUpstream>(executor, std::move(server));
  }
  auto folder = source.folder / server->name;
  return std::make_unique<LocalUpstream>(executor, std::move(server), std::move(folder), source.search_path);
}

}  // namespace

/// One request, from its body to its answer.
struct AgentServers::Passage {
  http::Request request;
  std::string job;
  std::shared_ptr<const Server> server;
  async::TaskGroup work;
  std::optional<http::Response> response;
  bool client_gone = false;
};

AgentServers::AgentServers(asio::any_io_executor executor, const ServerSource& source, Traffic& traffic)
    : executor_(std::move(executor)), source_(source), traffic_(traffic) {}
AgentServers::~AgentServers() = default;

void AgentServers::begin(std::string job) {
  end();
  job_ = std::move(job);
  open_ = true;
}

void AgentServers::end() {
  open_ = false;
  for (async::TaskGroup* const call : under_way_) call->cancel();
}

void AgentServers::stop() {
  end();
  for (auto& [name, entry] : entries_) entry.upstream->stop();
}

asio::awaitable<void> AgentServers::close() {
  for (auto& [name, entry] : entries_) co_await entry.upstream->close();
  for (auto& upstream : retired_) co_await upstream->close();
}

bool AgentServers::is_for(const http::RequestHead& head) { return head.path().starts_with(prefix); }

std::variant<http::Response, http::BodyLimit> AgentServers::admit(const http::RequestHead& head) {
  if (!open_) return no_job();
  if (is_foreign(head)) return refusal(403, "this is for programs of the agent only");
  if (!source_.find(name_in(head))) return refusal(404, "there is no MCP server of this name");
  if (head.method == "DELETE") return http::BodyLimit{0};
  if (head.method != "POST") {
    auto answer = refusal(405, "expected POST with one message of JSON-RPC");
    answer.headers.add("allow", "POST, DELETE");
    return answer;
  }
  if (!head.headers.find("content-type").value_or("").starts_with("application/json")) {
    return refusal(415, "expected application/json");
  }
  return http::BodyLimit{request_limit};
}

asio::awaitable<void> AgentServers::serve(http::Request request, http::Exchange& exchange) {
  auto server = source_.find(name_in(request.head));
  std::optional<http::Response> refused;
  if (!open_ || !server) refused = no_job();
  if (under_way_.size() >= calls_at_once) refused = refusal(429, "too many requests of one agent at once");
  if (refused) co_return co_await exchange.send(std::move(*refused));

  Passage passage{.request = std::move(request),
                  .job = job_,
                  .server = std::move(server),
                  .work = async::TaskGroup(executor_),
                  .response = {}};
  const auto place = under_way_.insert(under_way_.end(), &passage.work);
  exchange.watch_close([&passage] {
    passage.client_gone = true;
    passage.work.cancel();
  });
  passage.work.spawn("request to an MCP server", answer(passage));
  // Cancelled is who serves a connection that the server cuts.
  co_await async::join_or_cancel(passage.work, [&passage] { passage.client_gone = true; });
  under_way_.erase(place);
  if (passage.client_gone) co_return;
  auto response = passage.response ? std::move(*passage.response) : refusal(403, "its job has ended");
  co_await exchange.send(std::move(response));
}

Upstream& AgentServers::upstream_of(const std::shared_ptr<const Server>& server) {
  Entry& entry = entries_[server->name];
  if (entry.server == server) return *entry.upstream;
  if (entry.upstream) {
    entry.upstream->stop();
    retired_.push_back(std::move(entry.upstream));
  }
  entry.server = server;
  entry.upstream = make_upstream(executor_, source_, server);
  return *entry.upstream;
}

asio::awaitable<void> AgentServers::answer(Passage& passage) {
  if (passage.request.head.method == "DELETE") co_return co_await end_session(passage);
  auto call = read_call(passage.server->tools, passage.request.body);
  if (!call) co_return deny(passage, std::move(call.error()));
  co_await carry(passage, std::move(*call));
}

void AgentServers::deny(Passage& passage, Refusal refusal) {
  if (!refusal.denied.empty()) {
    ++traffic_.denied;
    log::warn("mcp.denied",
              {{"job", passage.job}, {"server", passage.server->name}, {"wanted", refusal.denied}});
  }
  passage.response = http::json_response(refusal.status, std::move(refusal.body));
}

asio::awaitable<void> AgentServers::carry(Passage& passage, Call call) {
  const Server& server = *passage.server;
  const auto deadline = std::chrono::steady_clock::now() + server.timeout;
  const std::string what = call.tool.empty() ? std::string{method_name(call.method)} : call.tool;
  const bool is_call = call.method == Method::call_tool;
  if (is_call) log::info("mcp.call", {{"job", passage.job}, {"server", server.name}, {"tool", what}});
  auto session = session_of(passage.request.head);
  auto reply = co_await upstream_of(passage.server).ask(call, std::move(session), deadline);
  const auto secrets = server.secrets();
  if (!reply.failure.empty()) {
    reply.failure = without_secrets(std::move(reply.failure), secrets);
    ++traffic_.failed;
    log::warn("mcp.failed",
              {{"job", passage.job}, {"server", server.name}, {"wanted", what}, {"error", reply.failure}});
  } else if (is_call && reply.answer) {
    ++traffic_.answered;
  }
  passage.response = response_to(call, server.tools, reply, secrets);
}

asio::awaitable<void> AgentServers::end_session(Passage& passage) {
  const auto deadline = std::chrono::steady_clock::now() + passage.server->timeout;
  auto session = session_of(passage.request.head);
  const bool known = co_await upstream_of(passage.server).end_session(std::move(session), deadline);
  passage.response = http::Response{.status = known ? 200 : 404, .headers = {}, .body = {}};
}

}  // namespace butler::mcp_host
