#include "console/connection.hpp"

#include <gmock/gmock.h>

#include "console/kept_fault.hpp"

namespace butler::console::connection_test {

namespace {

using testing::HasSubstr;

Access nowhere() {
  return {.home = "/nowhere", .url = "http://127.0.0.1:1", .token = "t", .person = "cli:anna"};
}

boost::asio::awaitable<int> fail_at_once() {
  throw Failure("no");
  co_return 1;
}

TEST(ConnectionTest, EachRefusalSaysWhatToDo) {
  const Connection connection(nowhere());
  EXPECT_THAT(connection.explain({.message = "refused\x1B"}),
              testing::AllOf(HasSubstr("http://127.0.0.1:1"), HasSubstr("butler status")));
  EXPECT_EQ(connection.explain({.message = "refused\x1B"}).find('\x1B'), std::string::npos);
  EXPECT_THAT(connection.explain({.kind = api::CallError::Kind::refused, .status = 401}),
              HasSubstr("ORCH_GATEWAY_TOKEN"));
  Access access = nowhere();
  access.url = "nonsense";
  EXPECT_THROW(Connection{access}, Failure);
}

TEST(ConnectionTest, AFaultOfTheTaskIsThrownWhereItIsRun) {
  Connection connection(nowhere());
  EXPECT_THROW(connection.run(fail_at_once()), Failure);
  const auto kept = connection.run(keep_fault(fail_at_once()));
  EXPECT_FALSE(kept);
  EXPECT_THROW(value_or_throw(kept), Failure);
}

TEST(AccessTest, TheTerminalsPersonIsNoIdOfAChat) { EXPECT_THAT(terminal_person(), HasSubstr("cli:")); }

}  // namespace

}  // namespace butler::console::connection_test
