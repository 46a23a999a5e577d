// One agent's listener, as the agent and as another one meet it.
#include "worker/agent_services.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "http/client.hpp"
#include "json/value.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::agent_services_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::run_to_end;

class AgentServicesTest : public testing::Test {
 protected:
  AgentServicesTest() {
    settings.home = folder.path();
    settings.provider = "mock";
    settings.model = "mock-1";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"key-for-the-provider"};
    std::filesystem::create_directories(settings.home / "agent");
    // Nobody listens there: an admitted request is answered 502.
    testing_support::write_file(settings.home / "agent" / "models.json",
                                testing_support::models_json("http://127.0.0.1:9/v1"));
    services.emplace(context.get_executor(), settings);
  }

  void TearDown() override { run_to_end(context, services->shut_down()); }

  std::unique_ptr<AgentAccess> open(const std::string& session) {
    return services->open(http::ListeningSocket::on_port("127.0.0.1", 0),
                          {.owner = {}, .session_key = session}, agents_token);
  }

  /// The value of a variable that tells the agent its ways.
  static std::string variable(const ServiceToken& of, const AgentAccess& at, const std::string& name) {
    for (const auto& assignment : of.way_out(at.port())) {
      if (assignment.starts_with(name + "=")) return assignment.substr(name.size() + 1);
    }
    return {};
  }

  /// What a program makes of HTTPS_PROXY.
  static std::string credentials(const ServiceToken& of, const AgentAccess& access) {
    auto user = variable(of, access, "HTTPS_PROXY").substr(std::string_view{"http://"}.size());
    user.resize(user.find('@'));
    std::string encoded((user.size() + 2) / 3 * 4 + 1, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                    reinterpret_cast<const unsigned char*>(user.data()), static_cast<int>(user.size()));
    encoded.pop_back();
    return "proxy-authorization: Basic " + encoded + "\r\n";
  }

  json::Object provider_of(const AgentAccess& access) const {
    access.configure(folder.path());
    const auto text = testing_support::file_content(folder.path() / "models.json");
    return json::parse(text)->as_object().at("providers").as_object().at("mock").as_object();
  }

  std::string token_of(const AgentAccess& access) const {
    return std::string{provider_of(access).at("apiKey").as_string()};
  }

  int ask(const AgentAccess& access, const std::string& token) {
    auto url = http::Url::parse(std::string_view{provider_of(access).at("baseUrl").as_string()}).value();
    http::Client client(context.get_executor(), std::move(url));
    http::Request request{.head = {.method = "POST",
                                   .target = "/chat/completions",
                                   .headers = {{"authorization", "Bearer " + token}}},
                          .body = R"({"model":"mock-1"})"};
    return run_to_end(context, status(client, std::move(request)));
  }

  static boost::asio::awaitable<int> status(http::Client& client, http::Request request) {
    const auto answer = co_await client.send(std::move(request), 10s);
    co_return answer ? answer->status : 0;
  }

  /// The first bytes of the answer to a CONNECT.
  std::string connect(const AgentAccess& access, const std::string& target) {
    boost::asio::ip::tcp::socket socket(context);
    return connect(socket, access, target);
  }
  std::string connect(boost::asio::ip::tcp::socket& socket, const AgentAccess& access,
                      const std::string& target, std::optional<std::string> headers = {}) {
    socket.connect({boost::asio::ip::address_v4::loopback(), access.port()});
    boost::asio::write(socket,
                       boost::asio::buffer("CONNECT " + target + " HTTP/1.1\r\nhost: " + target + "\r\n" +
                                           headers.value_or(credentials(agents_token, access)) + "\r\n"));
    return run_to_end(context, first_bytes(socket));
  }

  /// True once the other side has closed.
  static boost::asio::awaitable<bool> ends(boost::asio::ip::tcp::socket& socket) {
    std::string rest;
    boost::system::error_code end;
    co_await boost::asio::async_read(socket, boost::asio::dynamic_buffer(rest),
                                     boost::asio::redirect_error(boost::asio::use_awaitable, end));
    co_return end.failed();
  }

  static boost::asio::awaitable<std::string> first_bytes(boost::asio::ip::tcp::socket& socket) {
    std::string answer(13, ' ');
    co_await boost::asio::async_read(socket, boost::asio::buffer(answer), boost::asio::use_awaitable);
    co_return answer;
  }

  testing_support::TempFolder folder;
  boost::asio::io_context context{1};
  config::WorkerSettings settings;
  const ServiceToken agents_token;
  std::optional<AgentServices> services;
};

TEST_F(AgentServicesTest, AnAgentIsToldItsOwnAddress) {
  const auto access = open("one");
  const auto provider = provider_of(*access);
  EXPECT_THAT(std::string{provider.at("baseUrl").as_string()},
              HasSubstr("http://127.0.0.1:" + std::to_string(access->port()) + "/llm/"));
}

TEST_F(AgentServicesTest, AnAgentIsServedWhileItsJobRuns) {
  const auto access = open("one");
  EXPECT_EQ(ask(*access, token_of(*access)), 401);
  access->begin("job");
  EXPECT_EQ(ask(*access, token_of(*access)), 502);
  access->hold();
  EXPECT_EQ(ask(*access, token_of(*access)), 401);
  access->begin("next");
  access->end();
  EXPECT_EQ(ask(*access, token_of(*access)), 401);
}

TEST_F(AgentServicesTest, AnotherAgentsTokenIsRefusedOnThisListener) {
  const auto mine = open("one");
  const auto theirs = open("two");
  mine->begin("job");
  theirs->begin("another job");
  EXPECT_EQ(ask(*mine, token_of(*theirs)), 401);
  EXPECT_EQ(ask(*mine, token_of(*mine)), 502);
}

TEST_F(AgentServicesTest, OtherHostsAreRefusedBetweenJobsAndWhenNoneIsAllowed) {
  const auto access = open("one");
  EXPECT_EQ(connect(*access, "example.com:443"), "HTTP/1.1 403 ");
  std::vector<std::string> denied;
  access->begin("job", {.on_denied = [&](const egress::Denial& denial) { denied.push_back(denial.target); }});
  EXPECT_EQ(connect(*access, "example.com:443"), "HTTP/1.1 403 ");
  EXPECT_THAT(denied, testing::ElementsAre("example.com:443"));
  EXPECT_EQ(services->egress().denied, 1U);
}

TEST_F(AgentServicesTest, EachAgentHasTheHostsOfItsOwn) {
  services.emplace(context.get_executor(), settings, [](const AgentIdentity& identity) {
    const auto rule = egress::parse_host_rule("127.0.0.1:" + identity.session_key).value();
    return egress::HostPolicy{.rules = {rule}};
  });
  auto host = http::ListeningSocket::on_port("127.0.0.1", 0);
  const auto port = std::to_string(host.port());
  const auto allowed = open(port);
  const auto other = open("1");
  allowed->begin("job");
  other->begin("job");
  EXPECT_EQ(connect(*allowed, "127.0.0.1:" + port), "HTTP/1.1 200 ");
  EXPECT_EQ(connect(*other, "127.0.0.1:" + port), "HTTP/1.1 403 ");
}

TEST_F(AgentServicesTest, AHeldAgentsConnectionsToHostsAreCut) {
  auto host = http::ListeningSocket::on_port("127.0.0.1", 0);
  const auto target = "127.0.0.1:" + std::to_string(host.port());
  services.emplace(context.get_executor(), settings, [target](const AgentIdentity&) {
    return egress::HostPolicy{.rules = {egress::parse_host_rule(target).value()}};
  });
  const auto access = open("one");
  access->begin("job");
  boost::asio::ip::tcp::socket socket(context);
  EXPECT_EQ(connect(socket, *access, target), "HTTP/1.1 200 ");
  access->hold();
  EXPECT_TRUE(run_to_end(context, ends(socket)));
  EXPECT_EQ(connect(*access, target), "HTTP/1.1 403 ");
}

TEST_F(AgentServicesTest, WhoHasNotTheAgentsTokenReachesNoHostThroughItsListener) {
  auto host = http::ListeningSocket::on_port("127.0.0.1", 0);
  const auto target = "127.0.0.1:" + std::to_string(host.port());
  services.emplace(context.get_executor(), settings, [target](const AgentIdentity&) {
    return egress::HostPolicy{.rules = {egress::parse_host_rule(target).value()}};
  });
  const auto access = open("one");
  access->begin("job");
  for (const auto& headers : {std::string{}, credentials(ServiceToken{}, *access)}) {
    boost::asio::ip::tcp::socket socket(context);
    EXPECT_EQ(connect(socket, *access, target, headers), "HTTP/1.1 407 ") << headers;
  }
  EXPECT_EQ(connect(*access, target), "HTTP/1.1 200 ");
}

TEST_F(AgentServicesTest, McpServersAreServedWhileAJobRunsAndNotInItsHold) {
  const auto server = std::make_shared<const mcp_host::Server>(
      mcp_host::Server{.name = "notes", .place = mcp_host::LocalServer{.command = {"/no/such/program"}}});
  services.emplace(context.get_executor(), settings, AgentServices::HostPolicyOf{},
                   [&](std::string_view name) { return name == "notes" ? server : nullptr; });
  const auto access = open("one");
  const std::string url = "http://127.0.0.1:" + std::to_string(access->port());
  const auto place = variable(agents_token, *access, "BUTLER_MCP_URL").substr(url.size());
  const auto ask_path = [&](const std::string& path) {
    http::Client client(context.get_executor(), http::Url::parse(url).value());
    http::Request request{
        .head = {.method = "POST", .target = path, .headers = {{"content-type", "application/json"}}},
        .body = R"({"jsonrpc":"2.0","id":1,"method":"ping"})"};
    return run_to_end(context, status(client, std::move(request)));
  };
  const auto ask_server = [&](const std::string& name) { return ask_path(place + "/" + name); };
  EXPECT_EQ(ask_server("notes"), 403);
  access->begin("job");
  EXPECT_EQ(ask_server("notes"), 200);
  EXPECT_EQ(ask_server("others"), 404);
  EXPECT_EQ(services->mcp().failed, 1U);
  EXPECT_EQ(ask_path("/mcp/notes"), 401);
  EXPECT_EQ(ask_path(variable(ServiceToken{}, *access, "BUTLER_MCP_URL").substr(url.size()) + "/notes"), 401);
  access->hold();
  EXPECT_EQ(ask_server("notes"), 403);
  access->begin("next");
  access->end();
  EXPECT_EQ(ask_server("notes"), 403);
}

TEST_F(AgentServicesTest, AClosedAccessHasNoListener) {
  auto access = open("one");
  access->begin("job");
  const auto url = http::Url::parse("http://127.0.0.1:" + std::to_string(access->port())).value();
  access.reset();
  run_to_end(context, services->shut_down());
  http::Client client(context.get_executor(), url);
  EXPECT_EQ(run_to_end(context, status(client, {.head = {.method = "GET", .target = "/"}})), 0);
}

}  // namespace
}  // namespace butler::worker::agent_services_test
