#include "orchestrator/access.hpp"

#include <gtest/gtest.h>

namespace butler::orchestrator::access_test {
namespace {

http::RequestHead called_by(const std::string& host) {
  http::RequestHead head{.method = "GET", .target = "/health"};
  head.headers.add("host", host);
  return head;
}

TEST(AllowedHosts, AreLoopbackTheBindAndWhatIsListed) {
  const AllowedHosts hosts("10.0.0.1", {"Butler.example", "fd00::1"});
  for (const auto* const host : {"127.0.0.1", "localhost:8787", "[::1]:8787", "10.0.0.1:8787",
                                 "butler.example", "BUTLER.EXAMPLE:1", "[fd00::1]:8787"})
    EXPECT_TRUE(hosts.has(called_by(host))) << host;
  for (const auto* const host : {"", "evil.example", "10.0.0.2", "butler.example.evil.com",
                                 "x.butler.example", "[fd00::2]:8787", "127.0.0.1.evil.com"})
    EXPECT_FALSE(hosts.has(called_by(host))) << host;
  EXPECT_FALSE(hosts.has({.method = "GET", .target = "/"}));
}

TEST(AllowedHosts, AnAddressOfVersionSixThatIsListenedOnIsOne) {
  EXPECT_TRUE(AllowedHosts("fd00::1", {}).has(called_by("[fd00::1]:8787")));
}

TEST(Access, AWebPageIsKnownByItsOrigin) {
  auto head = called_by("localhost");
  EXPECT_FALSE(is_from_web_page(head));
  head.headers.add("origin", "http://localhost");
  EXPECT_TRUE(is_from_web_page(head));
}

}  // namespace
}  // namespace butler::orchestrator::access_test
