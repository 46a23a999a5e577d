#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace butler::http {

/// Field names compare without case (ASCII).
bool same_name(std::string_view a, std::string_view b);

/// Header fields in the order they came; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  void reserve(std::size_t fields) { fields_.reserve(fields); }
  /// The first field of that name, or nullopt.
  std::optional<std::string_view> find(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request's first line and fields: what admission is decided on, before a byte of the body is read.
struct RequestHead {
  std::string method = {};  ///< upper case, as sent
  std::string target = {};  ///< path and query, as sent
  Headers headers = {};
  std::optional<std::uint64_t> content_length = {};
  bool chunked = false;

  std::string_view path() const;
  std::string_view query() const;
};

class BodySink;
class BodySource;

struct Request {
  RequestHead head = {};
  std::string body = {};
  std::shared_ptr<BodySink> sink = {};      ///< at a server: has taken the body (see BodyLimit)
  std::shared_ptr<BodySource> source = {};  ///< at a client: gives the body, in the place of `body`
};

struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  std::shared_ptr<BodySource> source = {};  ///< at a server: gives the body, in the place of `body`
};

/// A response of JSON text.
Response json_response(int status, std::string text);

/// The standard reason phrase; "" for an unknown status.
std::string_view reason_phrase(int status);

/// Decodes %XX and, in queries, '+'. nullopt for a broken escape or a result that is not UTF-8 or holds a
/// NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// Encodes everything but letters, digits and -._~: for a segment of a path or a value in a query.
std::string percent_encode(std::string_view text);

/// The decoded value of a query parameter; nullopt when it is absent or broken.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

/// A base address: "http://127.0.0.1:8787/prefix" or "https://api.telegram.org".
struct Url {
  bool tls = false;
  std::string host = {};
  std::string port = {};
  std::string path = {};         ///< without a slash at the end; "" for none
  std::string socket_path = {};  ///< of a unix socket, to connect to instead of host and port

  /// nullopt unless http(s), with a host, and without user information, query or fragment.
  static std::optional<Url> parse(std::string_view text);

  /// A server on a unix socket; it is called "localhost" in requests.
  static Url on_socket(std::string path) {
    return {.host = "localhost", .port = "80", .socket_path = std::move(path)};
  }
};

}  // namespace butler::http
