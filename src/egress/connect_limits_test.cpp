#include <gmock/gmock.h>

#include "egress/connect_fixture.hpp"
#include "egress/connect_handler.hpp"

namespace butler::egress::connect_limits_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::ConnectTest;
using testing_support::run_until;
using testing_support::tcp;

using ConnectLimitsTest = ConnectTest;

TEST_F(ConnectLimitsTest, AClientThatSaysNothingIsCut) {
  start({.relay = {.first_bytes_timeout = 200ms}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(ConnectLimitsTest, AnIdleConnectionIsCut) {
  start({.relay = {.idle_timeout = 1s}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(ConnectLimitsTest, AConnectionHasALimitOfBytes) {
  start({.relay = {.bytes = 20'000}});
  tcp::socket client(io);
  ask(client, target());
  EXPECT_EQ(talk(client, "host.example", std::string(30'000, 'x')), "");
  EXPECT_TRUE(run_until(io, [&] { return traffic.cut == 1U; }));
}

TEST_F(ConnectLimitsTest, TheConnectionsOfAJobHaveALimitOfBytesTogether) {
  start({.bytes_of_a_job = 20'000});
  for (const bool first : {true, false}) {
    tcp::socket client(io);
    ask(client, target());
    EXPECT_EQ(talk(client, "host.example", std::string(6'000, 'x')).empty(), !first);
  }
}

TEST_F(ConnectLimitsTest, AnAgentHasALimitOfConnections) {
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

TEST_F(ConnectLimitsTest, NothingIsServedBetweenJobs) {
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

TEST_F(ConnectLimitsTest, AHeldJobKeepsItsConnectionsAndGetsNoMore) {
  start();
  tcp::socket client(io);
  ask(client, target());
  handler->hold();
  EXPECT_EQ(talk(client, "host.example"), "hello");
  EXPECT_THAT(ask(target()), StartsWith("HTTP/1.1 403 "));
}

}  // namespace
}  // namespace butler::egress::connect_limits_test
