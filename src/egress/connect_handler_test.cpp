#include "egress/connect_handler.hpp"

#include <gmock/gmock.h>

#include "egress/connect_fixture.hpp"

namespace butler::egress::connect_handler_test {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing_support::ConnectTest;
using testing_support::run_until;
using testing_support::tcp;

TEST_F(ConnectTest, AnAllowedHostIsReached) {
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

TEST_F(ConnectTest, AHostThatIsNotListedIsNotEvenLookedUp) {
  start();
  EXPECT_THAT(ask("secret-in-a-name.evil.example:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(resolver.asked, IsEmpty());
  EXPECT_THAT(denials, ElementsAre(HasSubstr("not on the list")));
  EXPECT_EQ(traffic.denied, 1U);
}

TEST_F(ConnectTest, AddressesAndLocalNamesAreDenied) {
  start();
  for (const char* const wanted :
       {"127.0.0.1:443", "[::1]:443", "169.254.169.254:80", "[::ffff:169.254.169.254]:80", "0x7f.1:443",
        "2130706433:443", "localhost:443", "metadata.google.internal:80", "nonsense", "host.example"}) {
    EXPECT_THAT(ask(wanted), StartsWith("HTTP/1.1 403 ")) << wanted;
  }
  EXPECT_EQ(accepted, 0);
  EXPECT_EQ(denials.size(), 10U);
}

TEST_F(ConnectTest, ANameThatLeadsToAPrivateAddressIsDenied) {
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

TEST_F(ConnectTest, OnePrivateAddressAmongPublicOnesIsDenied) {
  allow("mixed.example:" + port());
  resolver.answers["mixed.example"] = {{"93.184.216.34", "127.0.0.1"}};
  start();
  EXPECT_THAT(ask(target("mixed.example")), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(accepted, 0);
}

TEST_F(ConnectTest, ANameThatChangesItsAddressIsLookedUpOnceForAConnection) {
  // A second look would find another address than the one that was checked.
  resolver.answers["host.example"] = {{"127.0.0.1"}, {"169.254.169.254"}};
  start();
  tcp::socket client(io);
  EXPECT_THAT(ask(client, target()), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_THAT(resolver.asked, ElementsAre("host.example"));
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 403 "));
}

TEST_F(ConnectTest, TlsForAnotherHostIsRefusedBeforeAByteOfItPasses) {
  start();
  for (const char* const name : {"other.example", ""}) {
    tcp::socket client(io);
    EXPECT_THAT(ask(client, target()), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(talk(client, name), "") << name;
  }
  EXPECT_EQ(received, "");
  EXPECT_THAT(denials, ElementsAre(HasSubstr("other.example"), HasSubstr("names no host")));
}

TEST_F(ConnectTest, WhatIsNoTlsPassesOnlyWhereTheRuleNamesThePort) {
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

TEST_F(ConnectTest, PlainRequestsForOtherHostsAreRefusedInWords) {
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

TEST_F(ConnectTest, AHostThatCannotBeReachedIsNoDenial) {
  allow("gone.example");
  start();
  EXPECT_THAT(ask("gone.example:443"), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(traffic.failed, 1U);
  EXPECT_THAT(denials, IsEmpty());
}

}  // namespace
}  // namespace butler::egress::connect_handler_test
