#include "http/types.hpp"

#include <gmock/gmock.h>

namespace butler::http::types_test {
namespace {

TEST(Headers, AreFoundWithoutRegardToCaseAndTheFirstOneCounts) {
  const Headers headers{{"Content-Type", "text/plain"}, {"content-type", "other"}};

  EXPECT_EQ(headers.find("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(headers.find("content-typ"), std::nullopt);
}

TEST(RequestHead, SplitsItsTargetIntoPathAndQuery) {
  RequestHead head;
  head.target = "/v1/jobs?limit=3?&x";

  EXPECT_EQ(head.path(), "/v1/jobs");
  EXPECT_EQ(head.query(), "limit=3?&x");
}

TEST(RequestHead, WithoutAQuestionMarkHasNoQuery) {
  RequestHead head;
  head.target = "/v1/jobs";

  EXPECT_EQ(head.path(), "/v1/jobs");
  EXPECT_EQ(head.query(), "");
}

TEST(PercentDecode, DecodesEscapesAndInQueriesThePlus) {
  EXPECT_EQ(percent_decode("a%20b+c%C3%A9", false), "a b+cé");
  EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
  EXPECT_EQ(percent_decode("", false), "");
}

TEST(PercentDecode, RefusesBrokenEscapesNulAndWhatIsNotUtf8) {
  EXPECT_EQ(percent_decode("%", false), std::nullopt);
  EXPECT_EQ(percent_decode("%4", false), std::nullopt);
  EXPECT_EQ(percent_decode("%4g", false), std::nullopt);
  EXPECT_EQ(percent_decode("a%00b", false), std::nullopt);
  EXPECT_EQ(percent_decode("%FF", false), std::nullopt);
  EXPECT_EQ(percent_decode("%C3", false), std::nullopt);
}

TEST(PercentEncode, IsUndoneByPercentDecode) {
  const std::string text = "telegram:42/é ?&=+%#";

  EXPECT_EQ(percent_encode("a-b.c_d~e"), "a-b.c_d~e");
  EXPECT_EQ(percent_decode(percent_encode(text), true), text);
  EXPECT_EQ(percent_decode(percent_encode(text), false), text);
}

TEST(QueryParameter, FindsTheFirstOfItsNameDecoded) {
  EXPECT_EQ(query_parameter("a=1&b=x%20y+z&b=2", "b"), "x y z");
  EXPECT_EQ(query_parameter("flag&a=", "flag"), "");
  EXPECT_EQ(query_parameter("flag&a=", "a"), "");
  EXPECT_EQ(query_parameter("ab=1", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("&&a=1", "a"), "1");
}

TEST(QueryParameter, ABrokenValueIsAbsent) { EXPECT_EQ(query_parameter("a=%ZZ", "a"), std::nullopt); }

Url read(std::string_view text) { return Url::parse(text).value_or(Url{.host = "unreadable"}); }

TEST(Url, ReadsHttpAndHttpsWithTheirUsualPorts) {
  const Url plain = read("http://127.0.0.1:8787/prefix/");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, "8787");
  EXPECT_EQ(plain.path, "/prefix");

  const Url secure = read("https://api.telegram.org");
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.host, "api.telegram.org");
  EXPECT_EQ(secure.port, "443");
  EXPECT_EQ(secure.path, "");

  EXPECT_EQ(read("http://localhost/").port, "80");
}

TEST(Url, ReadsIpv6InBrackets) {
  const Url url = read("http://[::1]:8787");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "8787");
}

class NotAUrl : public testing::TestWithParam<const char*> {};

TEST_P(NotAUrl, IsRefused) { EXPECT_EQ(Url::parse(GetParam()).has_value(), false); }

INSTANTIATE_TEST_SUITE_P(Texts, NotAUrl,
                         testing::Values("", "127.0.0.1:8787", "ftp://host", "http://", "http:///path",
                                         "http://:80", "http://user@host", "http://user:secret@host",
                                         "http://host?x=1", "http://host/#part", "http://host:0",
                                         "http://host:65536", "http://host:", "http://host:8x",
                                         "http://ho st", "http://[::1", "http://[::1]8787", "http://a:b:c"));

}  // namespace
}  // namespace butler::http::types_test
