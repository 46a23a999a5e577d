// One agent's MCP servers between real sockets and real processes.
#include "mcp_host/agent_servers.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>
#include <optional>
#include <vector>

#include "async/event.hpp"
#include "http/client.hpp"
#include "http/socket_test_support.hpp"
#include "json/value.hpp"
#include "unit/temp_folder.hpp"

namespace butler::mcp_host::agent_servers_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::awaitable;
using http::test::run;
using http::test::run_until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

/// An agent's listener with nothing but its MCP servers.
class Site final : public http::Application {
 public:
  explicit Site(AgentServers& servers) : servers_(servers) {}
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    return servers_.admit(head);
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    return servers_.serve(std::move(request), exchange);
  }

 private:
  AgentServers& servers_;
};

/// An MCP server on a socket: keeps what it is sent, and answers as the test says.
class RemoteStandIn final : public http::Application {
 public:
  explicit RemoteStandIn(asio::io_context& io) : changed(io.get_executor()) {}
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{1'000'000};
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    requests.push_back(std::move(request));
    changed.notify_all();
    while (silent) co_await changed.wait();
    auto response = answer;
    co_await exchange.send(std::move(response));
  }

  std::vector<http::Request> requests;
  http::Response answer;
  bool silent = false;
  async::Event changed;
};

/// A local server: tells its environment, folder and arguments; dies, is silent, or is too loud when asked
/// to.
constexpr std::string_view local_program = R"py(
import json, os, sys, time
def say(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
print("welcome, people")
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message: continue
    number, name = message["id"], message.get("params", {}).get("name")
    if message["method"] == "initialize":
        if "MUTE" in os.environ: continue
        say(id=900, method="sampling/createMessage", params={})
        say(method="notifications/message", params={})
        say(id=number, result={"protocolVersion": "2025-06-18", "capabilities": {"prompts": {}}, "serverInfo": {"name": "local"}})
    elif name == "die": os._exit(3)
    elif name == "hang": pass
    elif name == "loud": print("x" * (9 << 20), flush=True)
    elif name == "pair":
        if "first" in globals():
            say(id=number, result={"content": message["params"]["arguments"]})
            say(id=first[0], result={"content": first[1]})
        else: first = (number, message["params"]["arguments"])
    else: say(id=number, result={"environment": dict(os.environ), "folder": os.getcwd(), "pid": os.getpid()})
)py";

class McpAgentServersTest : public testing::Test {
 protected:
  McpAgentServersTest() : servers(context.get_executor(), source, traffic), site(servers), remote(context) {
    source.folder = folder.path() / "mcp" / "host";
    source.search_path = "/usr/bin:/bin";
    source.find = [this](std::string_view name) {
      const auto found = configured.find(name);
      return found == configured.end() ? nullptr : found->second;
    };
    listener.emplace(context.get_executor(), http::ServerOptions{}, site);
    listener->listen();
    background.spawn("listener", listener->run());
    remote_listener.emplace(context.get_executor(), http::ServerOptions{}, remote);
    remote_listener->listen();
    background.spawn("remote server", remote_listener->run());
    configure(
        R"({"servers":{"notes":{"url":"http://127.0.0.1:)" + std::to_string(remote_listener->port()) +
        R"(/v1/mcp","headers":{"authorization":"Bearer key-of-the-notes"},"tools":["read"],"timeoutSeconds":5}}})");
    remote.answer = http::json_response(200, R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})");
    servers.begin("job-1");
  }

  ~McpAgentServersTest() override {
    servers.stop();
    run(context, end());
  }

  awaitable<void> end() {
    co_await servers.close();
    co_await listener->shut_down(0ms);
    co_await remote_listener->shut_down(0ms);
    background.cancel();
    co_await background.join();
  }

  void configure(const std::string& text) { configured = parse_configuration(text).value(); }
  void configure_local(const std::string& more_variables = "", int timeout_seconds = 15) {
    std::ofstream{folder.path() / "server.py"} << local_program;
    configure(R"({"servers":{"local":{"command":["python3","-B",")" + (folder.path() / "server.py").string() +
              R"("],"env":{"TOKEN":"token-of-local")" + more_variables +
              R"(},"tools":["*"],"timeoutSeconds":)" + std::to_string(timeout_seconds) + "}}}");
  }

  static std::string call_of(const std::string& tool, int id = 1, const std::string& arguments = "{}") {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/call","params":{"name":")" +
           tool + R"(","arguments":)" + arguments + "}}";
  }

  http::Request request(const std::string& name, std::string body, http::Headers more = {}) {
    http::Request made{.head = {.method = "POST", .target = "/mcp/" + name, .headers = std::move(more)},
                       .body = std::move(body)};
    made.head.headers.add("content-type", "application/json");
    return made;
  }

  using Answer = std::optional<http::Response>;

  awaitable<void> send(http::Request sent, Answer& answer) {
    http::Client client(context.get_executor(),
                        http::Url::parse("http://127.0.0.1:" + std::to_string(listener->port())).value());
    auto response = co_await client.send(std::move(sent), 20s);
    if (response) answer = std::move(*response);
  }

  http::Response ask(http::Request sent) {
    Answer answer;
    run(context, send(std::move(sent), answer));
    return answer.value_or(http::Response{.status = 0});
  }
  std::string call(const std::string& name, const std::string& tool) {
    return ask(request(name, call_of(tool))).body;
  }

  test::TempFolder folder;
  asio::io_context context{1};
  async::TaskGroup background{context.get_executor()};
  Servers configured;
  ServerSource source;
  Traffic traffic;
  AgentServers servers;
  Site site;
  RemoteStandIn remote;
  std::optional<http::Server> listener;
  std::optional<http::Server> remote_listener;
};

TEST_F(McpAgentServersTest, ACallGoesToTheOneAddressWithTheConfiguredFieldsAndNothingOfTheAgents) {
  auto sent = request("notes", call_of("read"),
                      {{"authorization", "Bearer agents"},
                       {"cookie", "a=b"},
                       {"x-mine", "1"},
                       {"mcp-protocol-version", "2025-06-18"}});
  sent.head.target += "?x=1";
  EXPECT_EQ(ask(std::move(sent)).body, R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})");
  ASSERT_EQ(remote.requests.size(), 1U);
  const auto& got = remote.requests.front();
  EXPECT_EQ(got.head.method, "POST");
  EXPECT_EQ(got.head.target, "/v1/mcp");
  EXPECT_EQ(got.body, call_of("read"));
  std::vector<std::string> names;
  for (const auto& [name, value] : got.head.headers) names.push_back(name);
  EXPECT_THAT(names, UnorderedElementsAre("host", "accept", "accept-encoding", "mcp-protocol-version",
                                          "authorization", "content-type", "content-length"));
  EXPECT_EQ(got.head.headers.find("authorization"), "Bearer key-of-the-notes");
  EXPECT_EQ(traffic.answered, 1U);
}

TEST_F(McpAgentServersTest, NothingIsServedButDuringAJob) {
  servers.end();
  EXPECT_EQ(ask(request("notes", call_of("read"))).status, 403);
  servers.begin("job-2");
  EXPECT_EQ(ask(request("notes", call_of("read"))).status, 200);
  EXPECT_EQ(remote.requests.size(), 1U);
}

TEST_F(McpAgentServersTest, TheEndOfTheJobEndsACallThatWaits) {
  remote.silent = true;
  Answer answer;
  async::TaskGroup group(context.get_executor());
  group.spawn("request", send(request("notes", call_of("read")), answer));
  run_until(context, [&] { return !remote.requests.empty(); });
  servers.end();
  run_until(context, [&] { return group.size() == 0; });
  EXPECT_EQ(answer.value().status, 403);
}

TEST_F(McpAgentServersTest, WhatIsRefusedReachesNoServer) {
  const auto status = [this](const std::string& method, const std::string& target, http::Headers fields) {
    return ask({.head = {.method = method, .target = target, .headers = std::move(fields)}, .body = ""})
        .status;
  };
  const std::string json = "application/json";
  EXPECT_EQ(status("GET", "/mcp/notes", {{"accept", "text/event-stream"}}), 405);
  EXPECT_EQ(status("PUT", "/mcp/notes", {}), 405);
  EXPECT_EQ(status("POST", "/mcp/others", {{"content-type", json}}), 404);
  EXPECT_EQ(status("POST", "/mcp/notes/x", {{"content-type", json}}), 404);
  EXPECT_EQ(status("POST", "/mcp/..", {{"content-type", json}}), 404);
  EXPECT_EQ(status("POST", "/mcp/notes", {{"content-type", "text/plain"}}), 415);
  EXPECT_EQ(status("POST", "/mcp/notes", {{"content-type", json}, {"origin", "http://127.0.0.1"}}), 403);
  EXPECT_EQ(ask(request("notes", std::string(3'000'000, ' '))).status, 413);
  EXPECT_EQ(ask(request("notes", "[]")).status, 400);
  EXPECT_THAT(call("notes", "write"), HasSubstr("-32601"));
  EXPECT_THAT(remote.requests, testing::IsEmpty());
  EXPECT_EQ(traffic.denied, 1U);
}

TEST_F(McpAgentServersTest, OfAStreamOfEventsTheAnswerIsTaken) {
  remote.answer = {
      .status = 200,
      .headers = {{"content-type", "text/event-stream"}},
      .body =
          ": hello\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"
          "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[\"key-of-the-notes\"]}}\n\n"};
  const auto answer = ask(request("notes", call_of("read")));
  EXPECT_EQ(answer.headers.find("content-type"), "application/json");
  EXPECT_EQ(answer.body, R"({"jsonrpc":"2.0","id":1,"result":{"content":["[redacted]"]}})");
}

TEST_F(McpAgentServersTest, AFailureOfTheServersIsSaidWithoutTheKey) {
  const struct {
    http::Response answer;
    std::string says;
  } cases[] = {
      {{.status = 401, .body = "not key-of-the-notes"}, "(HTTP 401): not [redacted]"},
      {{.status = 302, .headers = {{"location", "http://127.0.0.1:1/"}}, .body = ""}, "redirect"},
      {{.status = 500, .body = std::string(100'000, 'x')}, "the server answers HTTP 500: xxx"},
      {{.status = 500, .body = R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"broken"}})"},
       "broken"},
      {{.status = 200, .body = "<html>"}, "with no answer to the call"},
      {{.status = 200, .body = R"({"jsonrpc":"2.0","id":2,"result":{}})"}, "with no answer to the call"},
  };
  for (const auto& [answer, says] : cases) {
    remote.answer = answer;
    const auto got = ask(request("notes", call_of("read")));
    EXPECT_EQ(got.status, 200);
    EXPECT_THAT(got.body, HasSubstr(says));
    EXPECT_THAT(got.body, Not(HasSubstr("key-of-the-notes")));
    EXPECT_LT(got.body.size(), 3'000U);
  }
}

TEST_F(McpAgentServersTest, AServerThatIsSilentIsNotWaitedForWithoutEnd) {
  remote.silent = true;
  auto server = *configured.at("notes");
  server.timeout = 1s;
  configured["notes"] = std::make_shared<const Server>(std::move(server));
  EXPECT_THAT(call("notes", "read"), HasSubstr("gives no answer"));
  EXPECT_EQ(traffic.failed, 1U);
}

TEST_F(McpAgentServersTest, AnAgentUsesOnlySessionsThatItWasGiven) {
  const http::Headers stolen{{"mcp-session-id", "another-agents"}};
  EXPECT_EQ(ask(request("notes", call_of("read"), stolen)).status, 404);
  EXPECT_EQ(ask({.head = {.method = "DELETE", .target = "/mcp/notes", .headers = stolen}}).status, 404);
  EXPECT_THAT(remote.requests, testing::IsEmpty());

  remote.answer.headers.add("mcp-session-id", "mine");
  remote.answer.body = R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"x"}})";
  const auto begun = ask(request("notes", R"({"jsonrpc":"2.0","id":1,"method":"initialize"})"));
  EXPECT_EQ(begun.headers.find("mcp-session-id"), "mine");
  const http::Headers mine{{"mcp-session-id", "mine"}};
  EXPECT_EQ(ask(request("notes", call_of("read"), mine)).status, 200);
  EXPECT_EQ(remote.requests.back().head.headers.find("mcp-session-id"), "mine");
  EXPECT_EQ(ask({.head = {.method = "DELETE", .target = "/mcp/notes", .headers = mine}}).status, 200);
  EXPECT_EQ(remote.requests.back().head.method, "DELETE");
  EXPECT_EQ(ask(request("notes", call_of("read"), mine)).status, 404);
}

TEST_F(McpAgentServersTest, ALocalServerHasTheConfiguredVariablesAndAFolderOfItsOwn) {
  configure_local();
  const auto answer = json::parse(call("local", "look")).value().at("result");
  const auto own = (folder.path() / "mcp/host/local").string();
  EXPECT_EQ(json::find_string(answer, "folder"), own);
  std::vector<std::string> variables;
  for (const auto& variable : answer.at("environment").as_object()) {
    if (variable.key() == "LC_CTYPE") continue;  // Python's own
    variables.push_back(std::string{std::string_view{variable.key()}} + "=" +
                        std::string{std::string_view{variable.value().as_string()}});
  }
  EXPECT_THAT(variables,
              UnorderedElementsAre("PATH=/usr/bin:/bin", "HOME=" + own, "LANG=C.UTF-8", "TOKEN=[redacted]"));
  EXPECT_EQ(std::filesystem::status(own).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(McpAgentServersTest, EveryClientIsAnsweredWithWhatTheLocalServerSaidAtItsBegin) {
  configure_local();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        ask(request("local", R"({"jsonrpc":"2.0","id":"a","method":"initialize"})")).body,
        R"({"jsonrpc":"2.0","id":"a","result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"local"}}})");
    EXPECT_EQ(ask(request("local", R"({"jsonrpc":"2.0","method":"notifications/initialized"})")).status, 202);
  }
}

TEST_F(McpAgentServersTest, CallsWithTheSameIdSideBySideGetEachItsOwnAnswer) {
  configure_local();
  std::vector<Answer> answers(2);
  async::TaskGroup group(context.get_executor());
  group.spawn("one", send(request("local", call_of("pair", 1, R"({"n":"one"})")), answers[0]));
  group.spawn("two", send(request("local", call_of("pair", 1, R"({"n":"two"})")), answers[1]));
  run_until(context, [&] { return group.size() == 0; });
  EXPECT_THAT(answers[0].value().body, HasSubstr(R"("id":1,"result":{"content":{"n":"one"}})"));
  EXPECT_THAT(answers[1].value().body, HasSubstr(R"("id":1,"result":{"content":{"n":"two"}})"));
}

TEST_F(McpAgentServersTest, ALocalServerThatHasDiedIsStartedAgainByTheNextRequest) {
  configure_local();
  EXPECT_THAT(call("local", "die"), HasSubstr("has ended (exit status 3)"));
  EXPECT_THAT(call("local", "look"), HasSubstr("environment"));
}

TEST_F(McpAgentServersTest, ALocalServerThatWritesTooMuchIsEnded) {
  configure_local();
  EXPECT_THAT(call("local", "loud"), HasSubstr("a line that is too long"));
  EXPECT_THAT(call("local", "look"), HasSubstr("environment"));
}

TEST_F(McpAgentServersTest, ALocalServerThatDoesNotAnswerIsNotWaitedForWithoutEnd) {
  configure_local("", 5);
  EXPECT_THAT(call("local", "hang"), HasSubstr("not answered in time"));
  EXPECT_THAT(call("local", "look"), HasSubstr("environment")) << "it goes on with the next call";
  configure_local(R"(,"MUTE":"1")", 5);
  EXPECT_THAT(call("local", "look"), HasSubstr("not begun in time"));
}

TEST_F(McpAgentServersTest, AProgramThatIsNotThereIsNamed) {
  configure(R"({"servers":{"local":{"command":["/no/such/program"],"tools":["*"]}}})");
  EXPECT_THAT(call("local", "look"), HasSubstr("/no/such/program"));
}

TEST_F(McpAgentServersTest, ALocalServerOutlivesTheJobAndEndsWithTheAgent) {
  configure_local();
  const auto pid_of = [this] {
    return static_cast<pid_t>(json::parse(call("local", "look")).value().at("result").at("pid").as_int64());
  };
  const pid_t pid = pid_of();
  servers.end();
  servers.begin("job-2");
  EXPECT_EQ(pid_of(), pid);
  servers.stop();
  run(context, servers.close());
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace butler::mcp_host::agent_servers_test
