#include "egress/client_hello.hpp"

#include <algorithm>

namespace butler::egress {

namespace {

using Kind = FirstBytes::Kind;

constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t client_hello_message = 1;
constexpr std::size_t record_head = 5;
constexpr std::size_t message_head = 4;
constexpr std::size_t largest_record = std::size_t{1} << 14U;
constexpr std::size_t random_bytes = 32;
constexpr std::uint16_t server_name_extension = 0;
constexpr std::uint16_t encrypted_hello_extension = 0xfe0d;
constexpr std::uint8_t host_name_type = 0;
constexpr std::size_t longest_name = 255;

/// Takes numbers and vectors off the front; once something is missing, all that follows is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t number(std::size_t size) {
    std::size_t value = 0;
    for (const char byte : take(size)) value = (value << 8U) | static_cast<std::uint8_t>(byte);
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// What is behind a length of so many bytes.
  std::string_view vector(std::size_t length_size) { return take(number(length_size)); }

  bool empty() const { return bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

bool is_version(char major, char minor) { return major == 3 && minor >= 0 && minor <= 4; }

/// The messages in the records, put together, as far as they have come.
struct Messages {
  Kind kind = Kind::unfinished;  ///< hello when the first message is whole
  std::string bytes;
};

/// What the first message is, by its head.
Kind judge(std::string_view messages) {
  if (messages.empty()) return Kind::unfinished;
  Reader message(messages);
  if (message.number(1) != client_hello_message) return Kind::not_tls;
  const auto length = message.number(3);
  if (message.failed()) return Kind::unfinished;
  if (length > largest_client_hello) return Kind::malformed;
  // What follows a whole hello is the client's next message, not ours to read.
  return messages.size() >= message_head + length ? Kind::hello : Kind::unfinished;
}

Messages unwrap(std::string_view bytes) {
  Messages messages;
  while (!bytes.empty()) {
    const bool first = messages.bytes.empty();
    if (static_cast<std::uint8_t>(bytes[0]) != handshake_record ||
        (bytes.size() >= 3 && !is_version(bytes[1], bytes[2]))) {
      messages.kind = first ? Kind::not_tls : Kind::malformed;
      return messages;
    }
    if (bytes.size() < record_head) return messages;
    Reader head(bytes.substr(3, 2));
    const auto length = head.number(2);
    // Empty ones are forbidden, and would go on for ever.
    if (length == 0 || length > largest_record) {
      messages.kind = Kind::malformed;
      return messages;
    }
    messages.bytes.append(bytes.substr(record_head, length));
    bytes.remove_prefix(std::min(bytes.size(), record_head + length));
    messages.kind = judge(messages.bytes);
    if (messages.kind != Kind::unfinished) return messages;
  }
  return messages;
}

/// nullopt when the list is malformed: more than one name, or none (RFC 6066, § 3).
std::optional<std::string> read_server_name(std::string_view extension) {
  Reader outer(extension);
  Reader list(outer.vector(2));
  const auto type = list.number(1);
  const auto name = list.vector(2);
  if (outer.failed() || list.failed() || !outer.empty() || !list.empty()) return std::nullopt;
  if (type != host_name_type || name.empty() || name.size() > longest_name) return std::nullopt;
  std::string text{name};
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

FirstBytes read_extensions(std::string_view bytes) {
  FirstBytes hello{.kind = Kind::hello};
  Reader extensions(bytes);
  while (!extensions.empty()) {
    const auto type = extensions.number(2);
    const auto content = extensions.vector(2);
    if (extensions.failed()) return {.kind = Kind::malformed};
    if (type == encrypted_hello_extension) hello.encrypted_hello = true;
    if (type != server_name_extension) continue;
    // Two names are none: servers may take the other one.
    if (hello.server_name) return {.kind = Kind::malformed};
    hello.server_name = read_server_name(content);
    if (!hello.server_name) return {.kind = Kind::malformed};
  }
  return hello;
}

FirstBytes read_hello(std::string_view body) {
  Reader reader(body);
  reader.take(2 + random_bytes);
  reader.vector(1);  // session id
  reader.vector(2);  // cipher suites
  reader.vector(1);  // compression methods
  if (reader.failed()) return {.kind = Kind::malformed};
  if (reader.empty()) return {.kind = Kind::hello};
  const auto extensions = reader.vector(2);
  if (reader.failed() || !reader.empty()) return {.kind = Kind::malformed};
  return read_extensions(extensions);
}

}  // namespace

FirstBytes read_first_bytes(std::string_view bytes) {
  const auto messages = unwrap(bytes);
  if (messages.kind != Kind::hello) return {.kind = messages.kind};
  Reader message(messages.bytes);
  message.take(1);
  return read_hello(message.vector(3));
}

}  // namespace butler::egress
