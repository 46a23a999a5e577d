#include "api/orchestrator_addresses.hpp"

#include <gmock/gmock.h>

#include "api/orchestrator_client_fixture.hpp"

namespace butler::api::orchestrator_addresses_test {
namespace {

using namespace std::chrono_literals;
using testing_support::job_json;
using testing_support::OrchestratorClientTest;
using testing_support::ScriptedOrchestrator;

/// The fixture's server is the second address.
class OrchestratorAddressesTest : public OrchestratorClientTest {
 protected:
  OrchestratorAddressesTest() {
    answer(200, R"({"job":)" + job_json() + "}");
    first.answer = orchestrator.answer;
    background.spawn("first", first_server.run());
  }
  ~OrchestratorAddressesTest() override { http::test::run(io, first_server.shut_down(0ms)); }

  /// Which of both has answered.
  std::string asked() {
    std::string names;
    if (!std::exchange(first.asked, {}).head.target.empty()) names += "first ";
    if (!std::exchange(orchestrator.asked, {}).head.target.empty()) names += "second ";
    return names;
  }

  ScriptedOrchestrator first;
  http::Server first_server{io.get_executor(), {}, first};
  http::Url first_base = base(first_server);
  http::Url second_base{.host = "127.0.0.1", .port = std::to_string(server.port())};
  OrchestratorClient both{io.get_executor(), std::vector{first_base, second_base}, "the-token"};
};

TEST_F(OrchestratorAddressesTest, TheFirstIsAskedAsLongAsItAnswers) {
  for (int times = 0; times < 3; ++times) {
    ASSERT_TRUE(run(both.get_job("j1")));
    EXPECT_EQ(asked(), "first ");
  }
  first.answer = {.status = 409, .body = R"({"error":"lease_lost"})"};
  EXPECT_FALSE(run(both.get_job("j1")));
  EXPECT_EQ(asked(), "first ") << "a refusal is an answer";
}

TEST_F(OrchestratorAddressesTest, AfterA503TheNextCallGoesToTheNextAndStaysThere) {
  first.answer = {.status = 503, .body = R"({"error":"unavailable"})"};
  const auto away = run(both.get_job("j1"));
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().kind, CallError::Kind::unreachable);
  EXPECT_EQ(asked(), "first ");
  for (int times = 0; times < 2; ++times) {
    ASSERT_TRUE(run(both.get_job("j1")));
    EXPECT_EQ(asked(), "second ");
  }
}

TEST_F(OrchestratorAddressesTest, ACallOfWhichNothingWasSentGoesToTheNextAtOnce) {
  http::test::run(io, first_server.shut_down(0ms));
  ASSERT_TRUE(run(both.get_job("j1")));
  EXPECT_EQ(asked(), "second ");
}

TEST_F(OrchestratorAddressesTest, WhereOneHasWaitedInVainTheOthersWaitNoLonger) {
  using Answer = std::expected<http::Response, http::ClientError>;
  OrchestratorAddresses addresses{io.get_executor(), std::vector{first_base, second_base}, {}};
  const auto ask = [&](std::chrono::milliseconds patience,
                       std::optional<Answer>& result) -> testing_support::awaitable<void> {
    http::Request request{.head = {.method = "GET", .target = "/v1/jobs/j1", .headers = {}}, .body = {}};
    result.emplace(co_await addresses.send(std::move(request), patience));
  };
  first.is_silent = true;
  std::optional<Answer> patient;
  std::optional<Answer> impatient;
  background.spawn("patient", ask(1h, patient));
  http::test::run(io, ask(50ms, impatient));
  ASSERT_FALSE(*impatient);
  EXPECT_TRUE(impatient->error().timed_out);

  ASSERT_TRUE(http::test::run_until(io, [&] { return patient.has_value(); }));
  ASSERT_FALSE(*patient);
  EXPECT_EQ(patient->error().outcome, http::ClientError::Outcome::unknown) << "it may have been carried out";
  EXPECT_EQ(asked(), "first ");
  std::optional<Answer> next;
  http::test::run(io, ask(1h, next));
  EXPECT_TRUE(*next);
  EXPECT_EQ(asked(), "second ");
}

TEST_F(OrchestratorAddressesTest, WhereNobodyIsReachedEachIsTriedOnce) {
  OrchestratorClient nobody(
      io.get_executor(),
      std::vector{http::Url{.host = "127.0.0.1", .port = "1"}, http::Url{.host = "127.0.0.1", .port = "1"}},
      "the-token");
  EXPECT_FALSE(run(nobody.get_job("j1")));
}

TEST(ParseAddresses, AListIsSeparatedByCommas) {
  const auto two = parse_addresses("https://a.example/x, http://localhost:8787/ ,");
  ASSERT_TRUE(two);
  ASSERT_EQ(two->size(), 2U);
  EXPECT_EQ(two->at(0).host, "a.example");
  EXPECT_EQ(two->at(1).port, "8787");
  for (const auto* const wrong : {"", " , ", "a.example", "https://a.example,ftp://b"}) {
    EXPECT_FALSE(parse_addresses(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace butler::api::orchestrator_addresses_test
