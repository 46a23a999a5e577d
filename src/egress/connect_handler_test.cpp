// The proxy between a real client and a real TLS server, over sockets; only names are made up.
#include "egress/connect_handler.hpp"

#include <gmock/gmock.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <map>

#include "async/event.hpp"
#include "http/socket_test_support.hpp"
#include "http/tls_test_support.hpp"

namespace butler::egress::connect_handler_test {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using namespace std::chrono_literals;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using http::test::run_until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Answers as the test says, another way each time if it says so.
class ScriptedResolver final : public Resolver {
 public:
  awaitable<std::expected<std::vector<asio::ip::address>, std::string>> resolve(
      std::string name, std::chrono::milliseconds) override {
    asked.push_back(name);
    auto& list = answers[name];
    if (list.empty()) co_return std::unexpected(name + " could not be found");
    auto answer = list.front();
    if (list.size() > 1) list.erase(list.begin());
    std::vector<asio::ip::address> addresses;
    for (const auto& text : answer) addresses.push_back(asio::ip::make_address(text));
    co_return addresses;
  }

  std::map<std::string, std::vector<std::vector<std::string>>> answers;
  std::vector<std::string> asked;
};

/// An agent's listener with nothing but the handler.
class Site final : public http::Application {
 public:
  explicit Site(ConnectHandler& handler) : handler_(handler) {}
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    return handler_.admit(head);
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    return handler_.serve(std::move(request), exchange);
  }

 private:
  ConnectHandler& handler_;
};

class EgressTest : public testing::Test {
 protected:
  EgressTest() {
    certificate().use(tls);
    background.spawn("host", serve(acceptor, tls, accepted, received));
    resolver.answers["host.example"] = {{"127.0.0.1"}};
    allow("host.example:" + port() + " private");
    hooks.on_denied = [this](const Denial& denial) {
      denials.push_back(denial.target + ": " + denial.reason);
    };
  }

  ~EgressTest() override {
    if (handler) handler->end();
    if (server) http::test::run(io, server->shut_down(0ms));
    if (handler) http::test::run(io, handler->close());
    background.cancel();
    http::test::run(io, background.join());
  }

  static http::test::SelfSigned& certificate() {
    static http::test::SelfSigned instance;
    return instance;
  }

  /// TLS, and an echo; a client without TLS is counted and heard.
  static awaitable<void> serve(tcp::acceptor& acceptor, ssl::context& tls, int& accepted,
                               std::string& received) {
    for (;;) {
      ssl::stream<tcp::socket> socket(co_await acceptor.async_accept(use_awaitable), tls);
      ++accepted;
      try {
        co_await socket.async_handshake(ssl::stream_base::server, use_awaitable);
        std::array<char, 4096> buffer{};
        for (;;) {
          const auto size = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
          received.append(buffer.data(), size);
          co_await asio::async_write(socket, asio::buffer(buffer.data(), size), use_awaitable);
        }
      } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
      }
    }
  }

  std::string port() const { return std::to_string(acceptor.local_endpoint().port()); }
  std::string target(const std::string& host = "host.example") const { return host + ":" + port(); }
  void allow(const std::string& rule) { policy.rules.push_back(parse_host_rule(rule).value()); }

  void start(const ConnectOptions& options = {}) {
    handler.emplace(io.get_executor(), resolver, traffic, [this] { return policy; }, options);
    site.emplace(*handler);
    server.emplace(io.get_executor(), http::ServerOptions{}, *site);
    server->listen();
    background.spawn("server", server->run());
    handler->begin("job-1", hooks);
  }

  /// The answer's head and body to a CONNECT that is refused; the head to one that is not.
  std::string ask(tcp::socket& client, const std::string& wanted) {
    client.connect({asio::ip::address_v4::loopback(), server->port()});
    std::string head;
    http::test::run(io, converse(client, "CONNECT " + wanted + " HTTP/1.1\r\nhost: x\r\n\r\n", head));
    return head;
  }
  std::string ask(const std::string& wanted) {
    tcp::socket client(io);
    return ask(client, wanted);
  }

  static awaitable<void> converse(tcp::socket& client, std::string request, std::string& answer) {
    co_await asio::async_write(client, asio::buffer(request), use_awaitable);
    std::string buffer;
    answer = co_await http::test::read_until(client, buffer, "\r\n\r\n");
    answer += buffer;
    if (answer.starts_with("HTTP/1.1 200")) co_return;
    while (!answer.ends_with(".\n")) {
      std::array<char, 1024> more{};
      const auto size = co_await client.async_read_some(asio::buffer(more), use_awaitable);
      answer.append(more.data(), size);
    }
  }

  /// TLS through an open tunnel: what the server echoes; "" when the handshake fails.
  std::string talk(tcp::socket& client, const std::string& name, std::string text = "hello") {
    std::string echo;
    http::test::run(io, shake_hands(client, name, std::move(text), echo));
    return echo;
  }
  static awaitable<void> shake_hands(tcp::socket& client, std::string name, std::string text,
                                     std::string& echo) {
    ssl::context context(ssl::context::tls_client);
    ssl::stream<tcp::socket&> stream(client, context);
    if (!name.empty()) SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
    try {
      co_await stream.async_handshake(ssl::stream_base::client, use_awaitable);
      co_await asio::async_write(stream, asio::buffer(text), use_awaitable);
      echo.resize(text.size());
      co_await asio::async_read(stream, asio::buffer(echo), use_awaitable);
    } catch (const boost::system::system_error&) {
      echo.clear();
    }
  }

  bool is_closed(tcp::socket& client) {
    bool closed = false;
    http::test::run(io, read_to_end(client, closed));
    return closed;
  }
  static awaitable<void> read_to_end(tcp::socket& client, bool& closed) {
    std::array<char, 1024> buffer{};
    boost::system::error_code error;
    while (!error) {
      co_await client.async_read_some(asio::buffer(buffer), asio::redirect_error(use_awaitable, error));
    }
    closed = true;
  }

  asio::io_context io{1};
  ssl::context tls{ssl::context::tls_server};
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  int accepted = 0;
  std::string received;
  async::TaskGroup background{io.get_executor()};
  ScriptedResolver resolver;
  Traffic traffic;
  HostPolicy policy;
  JobHooks hooks;
  std::vector<std::string> denials;
  std::optional<ConnectHandler> handler;
  std::optional<Site> site;
  std::optional<http::Server> server;
};

TEST_F(EgressTest, AnAllowedHostIsReached) {
  start();
  tcp::socket client(io);
  EXPECT_THAT(ask(client, target("HOST.example")), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_EQ(received, "hello");
  client.close();
  EXPECT_TRUE(run_until(io, [&] { return traffic.received > 0; }));
  EXPECT_EQ(traffic.allowed, 1U);
  EXPECT_GT(traffic.sent, 5U);
  EXPECT_THAT(denials, IsEmpty());
}

TEST_F(EgressTest, AHostThatIsNotListedIsNotEvenLookedUp) {
  start();
  EXPECT_THAT(ask("secret-in-a-name.evil.example:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(resolver.asked, IsEmpty());
  EXPECT_THAT(denials, ElementsAre(HasSubstr("not on the list")));
  EXPECT_EQ(traffic.denied, 1U);
}

TEST_F(EgressTest, AddressesAndLocalNamesAreDenied) {
  start();
  for (const char* const wanted :
       {"127.0.0.1:443", "[::1]:443", "169.254.169.254:80", "[::ffff:169.254.169.254]:80", "0x7f.1:443",
        "2130706433:443", "localhost:443", "metadata.google.internal:80", "nonsense", "host.example"}) {
    EXPECT_THAT(ask(wanted), StartsWith("HTTP/1.1 403 ")) << wanted;
  }
  EXPECT_EQ(accepted, 0);
  EXPECT_EQ(denials.size(), 10U);
}

TEST_F(EgressTest, ANameThatLeadsToAPrivateAddressIsDenied) {
  policy.rules.clear();
  allow("*.example.com:" + port());
  start();
  for (const char* const address : {"127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "::1",
                                    "::ffff:127.0.0.1", "64:ff9b::7f00:1"}) {
    resolver.answers["a.example.com"] = {{address}};
    EXPECT_THAT(ask(target("a.example.com")), StartsWith("HTTP/1.1 403 ")) << address;
  }
  EXPECT_EQ(accepted, 0);
}

TEST_F(EgressTest, OnePrivateAddressAmongPublicOnesIsDenied) {
  allow("mixed.example:" + port());
  resolver.answers["mixed.example"] = {{"93.184.216.34", "127.0.0.1"}};
  start();
  EXPECT_THAT(ask(target("mixed.example")), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(accepted, 0);
}

TEST_F(EgressTest, ANameThatChangesItsAddressIsLookedUpOnceForAConnection) {
  // A second look would find another address than the one that was checked.
  resolver.answers["host.example"] = {{"127.0.0.1"}, {"169.254.169.254"}};
  start();
  tcp::socket client(io);
  EXPECT_THAT(ask(client, target()), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_THAT(resolver.asked, ElementsAre("host.example"));
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 403 "));
}

TEST_F(EgressTest, TlsForAnotherHostIsRefusedBeforeAByteOfItPasses) {
  start();
  for (const char* const name : {"other.example", ""}) {
    tcp::socket client(io);
    EXPECT_THAT(ask(client, target()), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(talk(client, name), "") << name;
  }
  EXPECT_EQ(received, "");
  EXPECT_THAT(denials, ElementsAre(HasSubstr("other.example"), HasSubstr("names no host")));
}

TEST_F(EgressTest, WhatIsNoTlsPassesOnlyWhereTheRuleNamesThePort) {
  start();
  tcp::socket client(io);
  ask(client, target());
  client.write_some(asio::buffer("GET / HTTP/1.1\r\n\r\n", 18));
  EXPECT_TRUE(is_closed(client));  // the TLS server does not like it: it came through
  EXPECT_THAT(denials, IsEmpty());
  tcp::socket malformed(io);
  ask(malformed, target());
  malformed.write_some(asio::buffer("\x16\x03\x01\x00\x00", 5));
  EXPECT_TRUE(is_closed(malformed));
  EXPECT_THAT(denials, ElementsAre(HasSubstr("malformed")));
}

TEST_F(EgressTest, AClientThatSaysNothingIsCut) {
  start({.relay = {.first_bytes_timeout = 200ms}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(EgressTest, AnIdleConnectionIsCut) {
  start({.relay = {.idle_timeout = 200ms}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(EgressTest, AConnectionHasALimitOfBytes) {
  start({.relay = {.bytes = 20'000}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_EQ(talk(client, "host.example", std::string(30'000, 'x')), "");
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(EgressTest, TheConnectionsOfAJobHaveALimitOfBytesTogether) {
  start({.bytes_of_a_job = 20'000});
  for (const bool first : {true, false}) {
    tcp::socket client(io);
    ask(client, target());
    EXPECT_EQ(talk(client, "host.example", std::string(6'000, 'x')).empty(), !first);
  }
}

TEST_F(EgressTest, AnAgentHasALimitOfConnections) {
  start({.connections_at_once = 2});
  tcp::socket one(io);
  tcp::socket two(io);
  ask(one, target());
  ask(two, target());
  EXPECT_THAT(ask(target()), HasSubstr("too many connections"));
  one.close();
  two.close();
  EXPECT_TRUE(run_until(io, [&] { return ask(target()).starts_with("HTTP/1.1 200"); }));
}

TEST_F(EgressTest, NothingIsServedBetweenJobs) {
  start();
  tcp::socket client(io);
  ask(client, target());
  EXPECT_EQ(talk(client, "host.example"), "hello");
  handler->end();
  EXPECT_TRUE(is_closed(client));
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 403 "));
  handler->begin("job-2", hooks);
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 200 "));
}

TEST_F(EgressTest, AHeldJobKeepsItsConnectionsAndGetsNoMore) {
  start();
  tcp::socket client(io);
  ask(client, target());
  handler->hold();
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 403 "));
}

TEST_F(EgressTest, PlainRequestsForOtherHostsAreRefusedInWords) {
  start();
  tcp::socket client(io);
  client.connect({asio::ip::address_v4::loopback(), server->port()});
  std::string answer;
  http::test::run(
      io, converse(client, "GET http://host.example/ HTTP/1.1\r\nhost: host.example\r\n\r\n", answer));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr("only https"));
  EXPECT_THAT(denials, ElementsAre(HasSubstr("http://host.example/")));
}

TEST_F(EgressTest, AHostThatCannotBeReachedIsNoDenial) {
  allow("gone.example");
  start();
  EXPECT_THAT(ask("gone.example:443"), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(traffic.failed, 1U);
  EXPECT_THAT(denials, IsEmpty());
}

/// A person who is asked, and answers when the test says so.
class EgressQuestion : public EgressTest {
 protected:
  EgressQuestion() {
    policy = {.others = HostPolicy::Others::ask};
    resolver.answers["new.example"] = {{"127.0.0.1"}};
    hooks.ask = [this](HostQuestion question) { return person(std::move(question)); };
  }

  awaitable<HostDecision> person(HostQuestion question) {
    asked.push_back(question.job + " " + to_text(question.target));
    try {
      while (!answer) co_await changed.wait();
    } catch (const boost::system::system_error&) {
      ++cancelled;
      throw;
    }
    co_return *answer;
  }

  void say(bool allowed) {
    answer = HostDecision{.allowed = allowed, .reason = allowed ? "" : "the person said no"};
    changed.notify_all();
  }

  /// Asks while the loop runs, and answers once the question is there.
  std::string ask_and_hear(const std::string& wanted, bool allowed) {
    background.spawn("person", answer_later(allowed));
    return ask(wanted);
  }
  awaitable<void> answer_later(bool allowed) {
    while (asked.empty()) co_await async::sleep_for(1ms);
    say(allowed);
  }

  std::vector<std::string> asked;
  std::optional<HostDecision> answer;
  async::Event changed{io.get_executor()};
  int cancelled = 0;
};

TEST_F(EgressQuestion, ANoIsADenialInTheirWords) {
  start();
  EXPECT_THAT(ask_and_hear("new.example:443", false), HasSubstr("the person said no"));
  EXPECT_THAT(asked, ElementsAre("job-1 new.example:443"));
  EXPECT_THAT(denials, ElementsAre("new.example:443: the person said no"));
  EXPECT_THAT(resolver.asked, IsEmpty());
}

TEST_F(EgressQuestion, ANoOfWhichIsToldAlreadyIsSoInTheDenial) {
  start();
  bool noted = false;
  hooks.on_denied = [&](const Denial& denial) { noted = denial.noted; };
  hooks.ask = [](HostQuestion) -> awaitable<HostDecision> {
    co_return HostDecision{.allowed = false, .reason = "no", .noted = true};
  };
  handler->begin("job-2", hooks);
  EXPECT_THAT(ask("new.example:443"), HasSubstr("no"));
  EXPECT_TRUE(noted);
}

TEST_F(EgressQuestion, AYesOpensNoPrivateAddress) {
  start();
  EXPECT_THAT(ask_and_hear("new.example:443", true), HasSubstr("this machine"));
  EXPECT_EQ(accepted, 0);
}

TEST_F(EgressQuestion, AHostIsAskedForOnceInAJobAndAgainInTheNext) {
  start();
  ask_and_hear("new.example:443", false);
  ask("new.example:443");
  EXPECT_EQ(asked.size(), 1U);
  ask("new.example:8443");
  EXPECT_EQ(asked.size(), 2U);
  handler->end();
  handler->begin("job-2", hooks);
  ask("new.example:443");
  EXPECT_THAT(asked, ElementsAre("job-1 new.example:443", "job-1 new.example:8443", "job-2 new.example:443"));
}

TEST_F(EgressQuestion, TheEndOfTheJobWithdrawsIt) {
  start();
  tcp::socket client(io);
  client.connect({asio::ip::address_v4::loopback(), server->port()});
  client.write_some(asio::buffer(std::string{"CONNECT new.example:443 HTTP/1.1\r\nhost: x\r\n\r\n"}));
  EXPECT_TRUE(run_until(io, [&] { return asked.size() == 1U; }));
  handler->end();
  EXPECT_TRUE(run_until(io, [&] { return cancelled == 1; }));
  std::string head;
  std::string buffer;
  http::test::run(io, converse(client, "", head));
  EXPECT_THAT(head, HasSubstr("its job has ended"));
}

TEST_F(EgressQuestion, AClientThatGoesAwayStopsWaitingAndTheQuestionStays) {
  start();
  {
    tcp::socket client(io);
    client.connect({asio::ip::address_v4::loopback(), server->port()});
    client.write_some(asio::buffer(std::string{"CONNECT new.example:443 HTTP/1.1\r\nhost: x\r\n\r\n"}));
    EXPECT_TRUE(run_until(io, [&] { return asked.size() == 1U; }));
  }
  EXPECT_TRUE(run_until(io, [&] { return server->connections() == 0; }));
  EXPECT_EQ(cancelled, 0);
  say(false);
  EXPECT_THAT(ask("new.example:443"), HasSubstr("the person said no"));
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(EgressQuestion, AddressesAreNeverAskedFor) {
  start();
  EXPECT_THAT(ask("8.8.8.8:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(ask("localhost:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(EgressQuestion, AJobAsksForSoManyHostsAndNoMore) {
  say(false);
  start({.questions_of_a_job = 2});
  for (const char* const wanted : {"a.example:443", "b.example:443", "c.example:443"}) ask(wanted);
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_THAT(denials.back(), HasSubstr("too many hosts"));
}

TEST_F(EgressQuestion, NobodyToAskIsANo) {
  hooks.ask = {};
  start();
  EXPECT_THAT(ask("new.example:443"), HasSubstr("nobody can be asked"));
}

}  // namespace
}  // namespace butler::egress::connect_handler_test
