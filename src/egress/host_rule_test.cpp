#include "egress/host_rule.hpp"

#include <gmock/gmock.h>

namespace butler::egress::host_rule_test {
namespace {

HostRule rule(const char* text) { return parse_host_rule(text).value(); }
Target target(const char* text) { return parse_target(text).value(); }

TEST(HostRule, IsReadFromText) {
  EXPECT_EQ(rule("GitHub.com."), (HostRule{.host = "github.com"}));
  EXPECT_EQ(rule("*.Debian.org"), (HostRule{.host = "debian.org", .suffix = true}));
  EXPECT_EQ(rule("mail.example:993"), (HostRule{.host = "mail.example", .port = 993, .named_port = true}));
  EXPECT_EQ(rule("nas.lan:445 private"),
            (HostRule{.host = "nas.lan", .port = 445, .named_port = true, .allow_private = true}));
  EXPECT_EQ(rule("192.168.1.5"), (HostRule{.host = "192.168.1.5"}));
  EXPECT_EQ(rule("[::1]:8080"), (HostRule{.host = "::1", .port = 8080, .named_port = true}));
  EXPECT_EQ(rule("[::1]"), (HostRule{.host = "::1"}));
}

TEST(HostRule, ThatWouldAllowTooMuchOrNothingIsRefused) {
  for (const char* const text :
       {"", "*", "*.", "*.com", "*.*.com", "a*.example.com", "*.1.2.3.4", "example.com:", "example.com:99999",
        "https://example.com", "example.com/path", "private", "example.com privat", "10.0.0.0/8", "0x7f.1"}) {
    if (std::string_view{text} == "private") continue;  // a host may be called that
    EXPECT_FALSE(parse_host_rule(text)) << text;
  }
}

struct MatchCase {
  const char* rule;
  const char* target;
  bool matches;
};

TEST(HostRule, MatchesByNameAndPort) {
  const MatchCase cases[] = {
      {"github.com", "github.com:443", true},
      {"github.com", "GITHUB.COM.:443", true},
      {"github.com", "api.github.com:443", false},
      {"github.com", "evilgithub.com:443", false},
      {"github.com", "github.com.evil.example:443", false},
      {"github.com", "github.com:80", false},
      {"github.com", "github.com:8443", false},
      {"github.com:8443", "github.com:8443", true},
      {"github.com:8443", "github.com:443", false},
      {"*.debian.org", "deb.debian.org:443", true},
      {"*.debian.org", "a.b.debian.org:443", true},
      {"*.debian.org", "debian.org:443", false},
      {"*.debian.org", "evildebian.org:443", false},
      {"*.debian.org", "debian.org.evil.example:443", false},
      {"127.0.0.1:8443", "127.0.0.1:8443", true},
      {"127.0.0.1:8443", "[::ffff:127.0.0.1]:8443", true},
      {"127.0.0.1:8443", "127.0.0.2:8443", false},
  };
  for (const auto& [text, wanted, matches] : cases) {
    const std::vector<HostRule> rules{rule("other.example"), rule(text)};
    EXPECT_EQ(find_rule(rules, target(wanted)) != nullptr, matches) << text << " " << wanted;
  }
}

struct AddressCase {
  const char* rule;  ///< "" when a person allowed it
  const char* target;
  const char* address;
  bool refused;
};

TEST(HostRule, OpensPrivateAddressesOnlyWhereItSaysSo) {
  const AddressCase cases[] = {
      {"", "example.com:443", "93.184.216.34", false},
      {"", "example.com:443", "127.0.0.1", true},
      {"", "example.com:443", "10.0.0.1", true},
      {"", "example.com:443", "169.254.169.254", true},
      {"example.com", "example.com:443", "10.0.0.1", true},
      {"example.com", "example.com:443", "::ffff:10.0.0.1", true},
      {"nas.lan private", "nas.lan:443", "192.168.1.5", false},
      {"nas.lan private", "nas.lan:443", "fd12::5", false},
      {"nas.lan", "nas.lan:443", "192.168.1.5", false},
      {"nas", "nas:443", "192.168.1.5", false},
      {"nas.example private", "nas.example:443", "192.168.1.5", false},
      {"nas.example", "nas.example:443", "192.168.1.5", true},
      {"metadata.google.internal", "metadata.google.internal:443", "169.254.169.254", true},
      {"nas.lan private", "nas.lan:443", "169.254.169.254", true},
      {"nas.lan private", "nas.lan:443", "fd00:ec2::254", true},
      {"nas.lan private", "nas.lan:443", "64:ff9b::a9fe:a9fe", true},
      {"127.0.0.1:8443", "127.0.0.1:8443", "127.0.0.1", false},
      {"169.254.169.254:80", "169.254.169.254:80", "169.254.169.254", true},
      {"0.0.0.0:80", "0.0.0.0:80", "0.0.0.0", true},
  };
  for (const auto& [text, wanted, address, refused] : cases) {
    const auto given = *text == '\0' ? rule_for(target(wanted)) : rule(text);
    const auto answer = refuse_address(boost::asio::ip::make_address(address), target(wanted), given);
    EXPECT_EQ(answer.has_value(), refused) << text << " " << address;
  }
}

}  // namespace
}  // namespace butler::egress::host_rule_test
