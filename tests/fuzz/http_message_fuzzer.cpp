#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "http/body.hpp"
#include "http/message_parser.hpp"

namespace {

namespace http = butler::http;

constexpr std::size_t most_head = 512;
constexpr std::size_t most_body = 256;

class CountingSink final : public http::BodySink {
 public:
  std::optional<http::Response> take(std::string_view bytes) override {
    count += bytes.size();
    if (bytes.find('!') == std::string_view::npos) return std::nullopt;
    return http::Response{.status = 507};
  }
  std::size_t count = 0;
};

/// Takes bodies whole, or into a sink where the path says so.
class AnyApplication final : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    ++admitted;
    if (head.path() == "/no") return http::Response{.status = 401};
    if (head.path() == "/sink") return http::BodyLimit{most_body, sink};
    return http::BodyLimit{most_body};
  }
  boost::asio::awaitable<void> serve(http::Request, http::Exchange&) override { co_return; }

  int admitted = 0;
  std::shared_ptr<CountingSink> sink = std::make_shared<CountingSink>();
};

/// What became of the first request in the bytes.
struct Reading {
  http::RequestParser::State state = http::RequestParser::State::head;
  int refusal = 0;
  std::string target = {};
  std::string body = {};
  std::size_t in_sink = 0;

  bool operator==(const Reading&) const = default;
};

/// As a connection feeds it: what was not used comes again with more.
Reading read_request(std::string_view bytes, std::size_t step) {
  using State = http::RequestParser::State;
  AnyApplication application;
  http::RequestParser parser(most_head, application);
  std::string pending;
  while (!bytes.empty() && (parser.state() == State::head || parser.state() == State::body)) {
    const auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    pending.append(piece);
    pending.erase(0, parser.put(pending));
  }
  if (application.admitted > 1) std::abort();
  Reading reading{.state = parser.state(), .in_sink = application.sink->count};
  if (reading.in_sink > most_body) std::abort();
  if (reading.state == State::refused) reading.refusal = parser.take_refusal().status;
  if (reading.state != State::done) return reading;
  const auto request = parser.take_request();
  if (request.body.size() > most_body || application.admitted != 1) std::abort();
  if (request.head.chunked && request.head.content_length) std::abort();
  reading.target = request.head.target;
  reading.body = request.body;
  return reading;
}

void read_response(std::string_view bytes) {
  http::ResponseParser parser(most_body, false);
  std::string pending;
  while (!bytes.empty() && parser.state() == http::ResponseParser::State::reading) {
    const auto piece = bytes.substr(0, 7);
    bytes.remove_prefix(piece.size());
    pending.append(piece);
    pending.erase(0, parser.put(pending));
  }
  parser.put_eof();
  if (parser.state() == http::ResponseParser::State::done && parser.take_response().body.size() > most_body)
    std::abort();
}

}  // namespace

/// What a stranger says to a listener (the webhook's is open to all): a request that is served is the same
/// however its bytes come, and never more than was admitted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto whole = read_request(bytes, std::max<std::size_t>(size, 1));
  const auto pieces = read_request(bytes, 3);
  using State = http::RequestParser::State;
  if (whole.state == State::done && pieces.state == State::done && whole != pieces) std::abort();
  // What one reading takes for a whole request the other must not take for something else.
  if ((whole.state == State::done) != (pieces.state == State::done) && whole.state != State::refused &&
      pieces.state != State::refused) {
    std::abort();
  }
  read_response(bytes);
  return 0;
}
