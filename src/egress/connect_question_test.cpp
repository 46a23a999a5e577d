#include <gmock/gmock.h>

#include "egress/connect_fixture.hpp"
#include "egress/connect_handler.hpp"

namespace butler::egress::connect_question_test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing_support::awaitable;
using testing_support::ConnectTest;
using testing_support::run_until;
using testing_support::tcp;

/// A person who is asked, and answers when the test says so.
class ConnectQuestionTest : public ConnectTest {
 protected:
  ConnectQuestionTest() {
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

TEST_F(ConnectQuestionTest, ANoIsADenialInTheirWords) {
  start();
  EXPECT_THAT(ask_and_hear("new.example:443", false), HasSubstr("the person said no"));
  EXPECT_THAT(asked, ElementsAre("job-1 new.example:443"));
  EXPECT_THAT(denials, ElementsAre("new.example:443: the person said no"));
  EXPECT_THAT(resolver.asked, IsEmpty());
}

TEST_F(ConnectQuestionTest, ANoOfWhichIsToldAlreadyIsSoInTheDenial) {
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

TEST_F(ConnectQuestionTest, AYesOpensNoPrivateAddress) {
  start();
  EXPECT_THAT(ask_and_hear("new.example:443", true), HasSubstr("this machine"));
  EXPECT_EQ(accepted, 0);
}

TEST_F(ConnectQuestionTest, AHostIsAskedForOnceInAJobAndAgainInTheNext) {
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

TEST_F(ConnectQuestionTest, TheEndOfTheJobWithdrawsIt) {
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

TEST_F(ConnectQuestionTest, AClientThatGoesAwayStopsWaitingAndTheQuestionStays) {
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

TEST_F(ConnectQuestionTest, AddressesAreNeverAskedFor) {
  start();
  EXPECT_THAT(ask("8.8.8.8:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(ask("localhost:443"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ConnectQuestionTest, AJobAsksForSoManyHostsAndNoMore) {
  say(false);
  start({.questions_of_a_job = 2});
  for (const char* const wanted : {"a.example:443", "b.example:443", "c.example:443"}) ask(wanted);
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_THAT(denials.back(), HasSubstr("too many hosts"));
}

TEST_F(ConnectQuestionTest, NobodyToAskIsANo) {
  hooks.ask = {};
  start();
  EXPECT_THAT(ask("new.example:443"), HasSubstr("nobody can be asked"));
}

}  // namespace
}  // namespace butler::egress::connect_question_test
