#include "egress/client_hello.hpp"

#include <gmock/gmock.h>

#include <initializer_list>

namespace butler::egress::client_hello_test {
namespace {

using Kind = FirstBytes::Kind;

std::string number(std::size_t value, int size) {
  std::string text;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
    text += static_cast<char>((value >> shift) & 0xFFU);
  return text;
}
std::string vector(const std::string& content, int size) { return number(content.size(), size) + content; }
std::string extension(std::size_t type, const std::string& content) {
  return number(type, 2) + vector(content, 2);
}
std::string name_entry(const std::string& name, char type = 0) { return type + vector(name, 2); }
std::string server_name(const std::string& name) { return extension(0, vector(name_entry(name), 2)); }

std::string body(const std::string& extensions) {
  return "\x03\x03" + std::string(32, 'r') + vector(std::string(32, 's'), 1) +
         vector(std::string{"\x13\x01\x13\x02"}, 2) + vector(std::string(1, '\0'), 1) + vector(extensions, 2);
}
std::string message(const std::string& content, char type = 1) { return type + vector(content, 3); }
std::string record(const std::string& content, char type = 22) {
  return type + std::string{"\x03\x01"} + vector(content, 2);
}
std::string hello(const std::string& extensions) { return record(message(body(extensions))); }

TEST(ClientHello, SaysWhichServerItIsFor) {
  const auto first =
      read_first_bytes(hello(extension(43, std::string("\x02\x03\x04", 3)) + server_name("Example.com")));
  EXPECT_EQ(first, (FirstBytes{.kind = Kind::hello, .server_name = "example.com"}));
}

TEST(ClientHello, MayNameNoServer) {
  EXPECT_EQ(read_first_bytes(hello("")), (FirstBytes{.kind = Kind::hello}));
  const auto without_extensions = body("").substr(0, body("").size() - 2);
  EXPECT_EQ(read_first_bytes(record(message(without_extensions))), (FirstBytes{.kind = Kind::hello}));
}

TEST(ClientHello, WithAnEncryptedOneInItIsNoted) {
  EXPECT_EQ(read_first_bytes(hello(server_name("a.example") + extension(0xfe0d, "secret"))),
            (FirstBytes{.kind = Kind::hello, .server_name = "a.example", .encrypted_hello = true}));
}

TEST(ClientHello, IsUnfinishedUntilItsLastByte) {
  const auto whole = hello(server_name("example.com"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_first_bytes(whole.substr(0, size)).kind, Kind::unfinished) << size;
  }
  EXPECT_EQ(read_first_bytes(whole + "what follows").kind, Kind::hello);
}

TEST(ClientHello, MayBeSpreadOverRecords) {
  const auto whole = message(body(server_name("example.com")));
  std::string records;
  for (const char byte : whole) records += record(std::string(1, byte));
  EXPECT_EQ(read_first_bytes(records).server_name, "example.com");
  EXPECT_EQ(read_first_bytes(records.substr(0, records.size() - 1)).kind, Kind::unfinished);
}

TEST(ClientHello, IsNotWhatOtherProtocolsSend) {
  for (const std::string& bytes :
       {std::string{"GET / HTTP/1.1\r\n"}, std::string{"SSH-2.0-x\r\n"}, std::string{"EHLO a\r\n"},
        std::string(10, '\0'), std::string{"\x80\x2e\x01"}, std::string{"\x16GET"}, record("hi", 23),
        record(message("server hello", 2)), std::string{"\x16\x02\x00\x00\x05", 5}}) {
    EXPECT_EQ(read_first_bytes(bytes).kind, Kind::not_tls) << bytes;
  }
}

TEST(ClientHello, ThatIsMalformedIsNoHello) {
  const auto two_names = extension(0, vector(name_entry("a.example") + name_entry("b.example"), 2));
  const auto no_name = extension(0, vector("", 2));
  const auto whole = body(server_name("example.com"));
  const std::pair<const char*, std::string> cases[] = {
      {"two server names in one extension", hello(two_names)},
      {"two extensions of server names", hello(server_name("a.example") + server_name("b.example"))},
      {"an empty list of names", hello(no_name)},
      {"an empty name", hello(server_name(""))},
      {"a name of another type", hello(extension(0, vector(name_entry("a.example", 1), 2)))},
      {"a name that is too long", hello(server_name(std::string(256, 'a')))},
      {"an extension that ends early", hello(number(0, 2) + number(9, 2) + "abc")},
      {"something behind the extensions", record(message(whole + "x"))},
      {"a body that ends early", record(message(whole.substr(0, 40)))},
      {"an empty record", record("")},
      {"another record in between", record(message(whole).substr(0, 50)) + record("alert", 21)},
      {"a record that is too long", std::string{"\x16\x03\x01\xff\xff"}},
      {"a message that is too long", record(std::string{"\x01\xff\xff\xff"})},
  };
  for (const auto& [what, bytes] : cases) EXPECT_EQ(read_first_bytes(bytes).kind, Kind::malformed) << what;
}

}  // namespace
}  // namespace butler::egress::client_hello_test
