#include "egress/resolver.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::egress::resolver_test {
namespace {

using namespace std::chrono_literals;

constexpr const char* hosts = R"(# the machine
127.0.0.1 localhost
192.168.1.5   nas.home  NAS # not: commented.home
fd00::5 nas.home
192.168.1.5 nas.home
nonsense broken.home
)";

std::vector<std::string> found(std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& address : addresses_in_hosts(hosts, name)) texts.push_back(address.to_string());
  return texts;
}

TEST(HostsFile, EveryAddressOfANameIsFoundOnce) {
  EXPECT_THAT(found("nas.home"), testing::ElementsAre("192.168.1.5", "fd00::5"));
  EXPECT_THAT(found("nas"), testing::ElementsAre("192.168.1.5"));
  for (const char* const other : {"home", "as", "commented.home", "broken.home", "192.168.1.5", ""}) {
    EXPECT_THAT(found(other), testing::IsEmpty()) << other;
  }
}

TEST(SystemResolver, WhatTheHostsFileHasIsNotLookedUpInDns) {
  const test::TempFolder folder;
  std::ofstream(folder.path() / "hosts") << "192.0.2.7 listed.example.\n";
  boost::asio::io_context context(1);
  SystemResolver resolver(context.get_executor(), folder.path() / "hosts");
  auto answer =
      boost::asio::co_spawn(context, resolver.resolve("listed.example", 10s), boost::asio::use_future);
  context.run();
  const auto addresses = answer.get();
  ASSERT_TRUE(addresses) << addresses.error();
  EXPECT_THAT(*addresses, testing::ElementsAre(boost::asio::ip::make_address("192.0.2.7")));
}

}  // namespace
}  // namespace butler::egress::resolver_test
