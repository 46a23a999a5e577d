#include "egress/host_name.hpp"

#include <gmock/gmock.h>

namespace butler::egress::host_name_test {
namespace {

TEST(HostName, HasOneSpelling) {
  const std::pair<const char*, const char*> cases[] = {
      {"example.com", "example.com"},
      {"EXAMPLE.Com", "example.com"},
      {"example.com.", "example.com"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"_dmarc.example.com", "_dmarc.example.com"},
      {"nas", "nas"},
      {"1password.com", "1password.com"},
      {"8.8.8.8", "8.8.8.8"},
      {"[2606:4700:4700::1111]", "2606:4700:4700::1111"},
      {"2606:4700:4700:0:0:0:0:1111", "2606:4700:4700::1111"},
      {"[::ffff:127.0.0.1]", "127.0.0.1"},
      {"[::ffff:7f00:1]", "127.0.0.1"},
  };
  for (const auto& [text, host] : cases) {
    const auto target = parse_host(text);
    ASSERT_TRUE(target) << text << ": " << target.error();
    EXPECT_EQ(target->host, host) << text;
  }
}

TEST(HostName, KnowsAnAddressFromAName) {
  EXPECT_TRUE(parse_host("8.8.8.8")->address);
  EXPECT_TRUE(parse_host("[::1]")->address->is_loopback());
  EXPECT_TRUE(parse_host("[::ffff:10.0.0.1]")->address->is_v4());
  EXPECT_FALSE(parse_host("example.com")->address);
}

TEST(HostName, RefusesWhatOthersReadInAnotherWay) {
  for (const char* const text :
       {"0x7f.1", "0x7f000001", "2130706433", "127.1", "127.0.1", "010.0.0.1", "127.0.0.01", "127.0.0.1.2",
        "1.2.3.256", "example.0x10", "127.0.0.1%25", "a.1", "0", "017700000001"}) {
    EXPECT_FALSE(parse_host(text)) << text;
  }
}

TEST(HostName, RefusesWhatIsNoPlainName) {
  const std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 30; ++i) long_name += "abcdefghi.";
  for (const std::string& text : {std::string{},
                                  std::string{"."},
                                  std::string{"a..b"},
                                  std::string{".example.com"},
                                  std::string{"example.com.."},
                                  std::string{"-a.example"},
                                  std::string{"a-.example"},
                                  std::string{"ex%61mple.com"},
                                  std::string{"user@example.com"},
                                  std::string{"example.com/"},
                                  std::string{"exa mple.com"},
                                  std::string{"b\xC3\xBC"
                                              "cher.example"},
                                  std::string{"ex\0ample.com", 11},
                                  std::string{"*.example.com"},
                                  std::string{"[fe80::1%eth0]"},
                                  std::string{"[::1"},
                                  std::string{"::1]"},
                                  std::string{"[example.com]"},
                                  std::string{"[127.0.0.1]"},
                                  std::string{"a,b"},
                                  long_label + ".example",
                                  long_name + "example"}) {
    EXPECT_FALSE(parse_host(text)) << text;
  }
}

TEST(Target, NeedsAPort) {
  const auto target = parse_target("Example.com:443");
  ASSERT_TRUE(target);
  EXPECT_EQ(to_text(*target), "example.com:443");
  EXPECT_EQ(to_text(*parse_target("[2606:4700::1]:8443")), "[2606:4700::1]:8443");
  for (const char* const text :
       {"example.com", "example.com:", ":443", "example.com:0", "example.com:65536", "example.com:+443",
        "example.com: 443", "example.com:443x", "example.com:0x1bb", "2606:4700::1:443", "a:b:443", ""}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

}  // namespace
}  // namespace butler::egress::host_name_test
