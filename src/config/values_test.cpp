#include "config/values.hpp"

#include <gmock/gmock.h>

namespace butler::config::values_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using Words = std::vector<std::string>;

TEST(Values, NumbersAreWholeAndComplete) {
  EXPECT_EQ(parse_whole("42"), 42);
  EXPECT_EQ(parse_whole("-1"), -1);
  for (const auto* const text : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "12a", "99999999999999999999"}) {
    EXPECT_EQ(parse_whole(text), std::nullopt) << text;
  }
}

TEST(Values, FlagsHaveFewSpellings) {
  for (const auto* const text : {"true", "TRUE", "yes", "on", "1"})
    EXPECT_THAT(parse_flag(text), Optional(true)) << text;
  for (const auto* const text : {"false", "No", "off", "0"})
    EXPECT_THAT(parse_flag(text), Optional(false)) << text;
  for (const auto* const text : {"", "maybe", "2", "tru"}) EXPECT_EQ(parse_flag(text), std::nullopt) << text;
}

TEST(Values, IdsArePositiveNumbers) {
  EXPECT_THAT(parse_ids("1, 5000000000,3,"), Optional(ElementsAre(1, 5'000'000'000, 3)));
  for (const auto* const text : {"@ada", "1,x", "-5", "0", "1 2", "1.5"})
    EXPECT_EQ(parse_ids(text), std::nullopt) << text;
}

TEST(Values, ACommandLineIsSplitAsAShellWould) {
  EXPECT_EQ(split_command_line("pi"), Words{"pi"});
  EXPECT_EQ(split_command_line("  node  cli.js "), (Words{"node", "cli.js"}));
  EXPECT_EQ(split_command_line("'/my programs/node' \"a b\" c\\ d"),
            (Words{"/my programs/node", "a b", "c d"}));
  EXPECT_EQ(split_command_line(R"(a '' "" b)"), (Words{"a", "", "", "b"}));
  EXPECT_EQ(split_command_line(R"(--x='a'"b"c)"), Words{"--x=abc"});
  EXPECT_EQ(split_command_line(R"(a "\"\\\$\n")"), (Words{"a", R"("\$\n)"}));
  EXPECT_EQ(split_command_line(R"(a '\')"), (Words{"a", "\\"}));
  EXPECT_EQ(split_command_line("a 'b").error(), "the quote ' is not closed");
  EXPECT_EQ(split_command_line("a \"b").error(), "the quote \" is not closed");
  EXPECT_EQ(split_command_line("a\\").error(), "it ends in a backslash");
  EXPECT_EQ(split_command_line("  ").error(), "it names no program");
  EXPECT_EQ(split_command_line("'' a").error(), "it names no program");
}

TEST(Values, PlaceholdersAndShortSecretsAreRefused) {
  for (const auto* const text :
       {"changeme-changeme-1", "CHANGE_ME_please_12345", "please-change-me-123", "undefined-undefined",
        "null-null-null-null", "your-token-goes-here-1", "YOUR_GATEWAY_TOKEN", "<your token here>",
        "<gateway-token-here>", "$ORCH_GATEWAY_TOKEN", "placeholder-secret-1", "example-token-123456",
        "replace-this-please1"}) {
    EXPECT_TRUE(find_secret_fault(text)) << text;
  }
  EXPECT_THAT(find_secret_fault("aaaaaaaaaaaaaaaaaaaaaaaa"),
              Optional(HasSubstr("too few different characters")));
  EXPECT_THAT(find_secret_fault("0123456789abcde"),
              Optional(HasSubstr("it has 15 characters, expected at least 16")));
  EXPECT_THAT(find_secret_fault("0123456789 abcdef"), Optional(HasSubstr("no blanks")));
  EXPECT_THAT(find_secret_fault("0123456789\nabcdef"), Optional(HasSubstr("no blanks")));
  EXPECT_EQ(find_secret_fault("0123456789abcdef"), std::nullopt);
  EXPECT_EQ(find_secret_fault("gateway-token-of-the-tests-0123456789"), std::nullopt);
}

TEST(Values, EachKindOfVariableRefusesWhatItIsNot) {
  struct Case {
    const char* name;
    std::vector<std::string> good;
    std::vector<std::string> bad;
  };
  const std::vector<Case> cases{
      {"ORCH_PORT", {"1", "8787", "65535"}, {"0", "65536", "-1", "http", "87 87"}},
      {"ORCH_HOST",
       {"127.0.0.1", "127.8.9.10", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1"},
       {"127.0.0.1.evil.com", "127.0.0.256", "127.1", "butler.example"}},
      {"ORCH_ALLOWED_HOSTS",
       {"butler.example", "butler.example, 10.0.0.1,fd00::1"},
       {"butler.example:8787", "https://butler.example", "a b", "*"}},
      {"ORCH_BASE_URL",
       {"http://127.0.0.1:8787", "http://localhost", "http://[::1]:9", "https://butler.example",
        "https://butler.example:444/x/"},
       {"butler.example", "ftp://x", "http://butler.example", "https://", "https://:1", "https://x:0",
        "https://x:99999", "https://x:a", "https://u:p@x", "https://x?y", "https://x#y",
        "http://127.0.0.1.evil.com", "https://a b"}},
      {"TELEGRAM_BOT_TOKEN",
       {"123456789:AbCdEfGhIjKlMnOpQrStUvWxYz_-0123456"},
       {"AbCdEfGhIjKlMnOpQrStUvWxYz", ":AbCdEfGhIjKlMnOpQrStUvWxYz", "123:short-secret-abc",
        "your-token:AbCdEfGhIjKlMnOpQrSt"}},
      {"TG_OWNER_IDS", {"1", "1,2"}, {"@ada", ",", "-1001"}},
      {"PI_EXEC_MODE", {"mock", "rpc"}, {"RPC", "real", "mock|rpc", "moc"}},
      {"WORKER_ID", {"a", "host-1.local_2"}, {"a b", "a/b", std::string(65, 'a')}},
      {"WORKER_LABELS", {"gpu", "gpu, eu-1"}, {"gpu eu", "a;b"}},
      {"PI_BINARY", {"pi", "node 'a b.js'"}, {"'pi", "''"}},
      {"TG_RUN_OWNER_ONLY", {"true", "0"}, {"maybe"}},
  };
  for (const auto& row : cases) {
    const Variable* const variable = find_variable(row.name);
    ASSERT_NE(variable, nullptr) << row.name;
    for (const auto& text : row.good)
      EXPECT_EQ(find_fault(*variable, text), std::nullopt) << row.name << "=" << text;
    for (const auto& text : row.bad) EXPECT_TRUE(find_fault(*variable, text)) << row.name << "=" << text;
  }
}

TEST(Values, AFaultSaysWhatIsAllowedAndWhatWasThere) {
  EXPECT_EQ(find_fault(*find_variable("ORCH_PORT"), "http"),
            "expected a whole number from 1 to 65535, got 'http'");
  EXPECT_EQ(find_fault(*find_variable("PI_EXEC_MODE"), "real"), "expected mock or rpc, got 'real'");
  EXPECT_EQ(find_fault(*find_variable("ORCH_BASE_URL"), "https://a.example, http://localhost:1"),
            std::nullopt);
  EXPECT_THAT(find_fault(*find_variable("ORCH_BASE_URL"), "https://a.example,http://b.example"),
              Optional(HasSubstr("http://b.example")));
  EXPECT_THAT(find_fault(*find_variable("ORCH_BASE_URL"), "http://butler.example"),
              Optional(HasSubstr("use https://")));
  EXPECT_THAT(find_fault(*find_variable("ORCH_BASE_URL"), "https://user:hunter2@x"),
              Optional(testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(find_fault(*find_variable("TELEGRAM_BOT_TOKEN"), "hunter2-hunter2-hunter2"),
              Optional(testing::Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace butler::config::values_test
