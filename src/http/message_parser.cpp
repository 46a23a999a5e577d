#include "http/message_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "http/body.hpp"
#include "log/log.hpp"

namespace butler::http {

namespace beast = boost::beast;
using beast::error_code;

namespace {

/// A length that a client names is not allocated before its bytes have come.
constexpr std::size_t first_body_allocation = std::size_t{64} * 1024;
constexpr std::size_t usual_field_count = 8;

/// The least that is left of a chunked body in front of a chunk: "0", CR LF, CR LF.
constexpr std::size_t shortest_end_of_chunks = 5;

/// Beast takes it for granted (by an assertion) that it is not asked again about a last chunk that it has
/// seen a part of before that many bytes are there. They must come anyway, so waiting for them loses nothing.
template <class Parser>
bool is_too_little(const Parser& parser, std::string_view bytes) {
  return bytes.size() < shortest_end_of_chunks && parser.is_header_done() && parser.chunked();
}

/// A field that goes on in a next line (obs-fold). Beast joins the lines, others do not: what two programs
/// read differently is not taken. Beast leaves a line alone until it sees what follows it, so that both are
/// here.
bool has_folded_field(std::string_view bytes) {
  constexpr std::string_view line_end = "\r\n";
  for (auto at = bytes.find(line_end); at != std::string_view::npos; at = bytes.find(line_end, at)) {
    at += line_end.size();
    const auto next = bytes.substr(at, line_end.size());
    if (next == line_end) return false;  // the end of the head
    if (next.starts_with(' ') || next.starts_with('\t')) return true;
  }
  return false;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; });
}

// Beast asks for an error to stop at; which one does not matter where the reason is kept beside it.
const error_code stop = beast::http::error::bad_field;

void start_body(std::string& body, const boost::optional<std::uint64_t>& length) {
  if (length) body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, first_body_allocation)));
}

}  // namespace

class RequestParser::Impl final : public beast::http::basic_parser<true> {
 public:
  Impl(std::size_t head_limit, Application& application)
      : application_(application), head_limit_(head_limit) {
    eager(true);
    body_limit(boost::none);  // admission sets ours
    header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(head_limit, std::numeric_limits<std::uint32_t>::max())));
  }

  std::size_t put_bytes(std::string_view bytes) {
    if (is_too_little(*this, bytes)) return 0;
    if (state_ == State::head && has_folded_field(bytes)) {
      refuse(malformed("a field that goes on in the next line"));
      return bytes.size();
    }
    error_code error;
    std::size_t used = 0;
    try {
      used = put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    } catch (const std::exception& fault) {  // of the admission, or the sink
      log::error("http.fault", {{"path", request_.head.path()}, {"error", fault.what()}});
      refuse(error_response(500, "internal_error", "the request could not be served"));
    }
    if (state_ == State::refused) return used;
    if (error == beast::http::error::need_more) {
      // What the parser leaves over is a line that has not ended (of the head, of a chunk): that has a bound
      // too.
      if (bytes.size() - used > head_limit_) refuse(too_large_head());
    } else if (error == beast::http::error::header_limit) {
      refuse(too_large_head());
    } else if (error) {
      refuse(malformed(error.message()));
    }
    return used;
  }

  State state_ = State::head;
  Request request_;
  Response refusal_;
  bool http_1_0_ = false;
  bool head_method_ = false;
  bool expects_continue_ = false;
  std::uint64_t received_ = 0;  ///< of the body
  std::uint64_t streamed_ = 0;

 private:
  static Response malformed(const std::string& what) {
    return error_response(400, "invalid_request", "malformed HTTP: " + what);
  }

  static Response too_large_head() {
    return error_response(431, "invalid_request", "the request's head is too large");
  }

  void refuse(Response response) {
    state_ = State::refused;
    refusal_ = std::move(response);
  }

  void refuse(Response response, error_code& error) {
    refuse(std::move(response));
    error = stop;
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       error_code&) override {
    request_.head.headers.reserve(usual_field_count);
    request_.head.method = method;
    request_.head.target = target;
    http_1_0_ = version == 10;
    head_method_ = request_.head.method == "HEAD";
    head_bytes_ = method.size() + target.size();
  }

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code& error) override {
    // Beast's own limit is per call: a head that trickles in line by line would pass it.
    head_bytes_ += name.size() + value.size() + 4;
    if (head_bytes_ > head_limit_) return refuse(too_large_head(), error);
    if (state_ != State::head) return;  // a trailer: nobody may rely on it

    using beast::http::field::content_length;
    using beast::http::field::expect;
    using beast::http::field::host;
    using beast::http::field::transfer_encoding;
    if (field == transfer_encoding) {
      if (http_1_0_) return refuse(malformed("transfer-encoding in HTTP/1.0"), error);
      if (!same_name(value, "chunked")) {
        return refuse(error_response(501, "invalid_request", "unknown transfer-encoding"), error);
      }
      request_.head.chunked = true;
    } else if (field == expect) {
      expects_continue_ = !http_1_0_ && same_name(value, "100-continue");
    } else if (field == host) {
      ++hosts_;
    } else if (field == content_length && ++lengths_ > 1) {
      return refuse(malformed("more than one content-length"), error);
    }
    request_.head.headers.add(name, value);
  }

  void on_header_impl(error_code& error) override {
    if (hosts_ > 1 || (hosts_ == 0 && !http_1_0_)) {
      return refuse(error_response(400, "invalid_request", "exactly one host field is needed"), error);
    }
    if (request_.head.method == "CONNECT" && (request_.head.chunked || content_length().value_or(0) > 0)) {
      return refuse(malformed("a CONNECT with a body"), error);
    }
    if (const auto length = content_length()) request_.head.content_length = *length;
    auto decision = application_.admit(request_.head);
    if (auto* refusal = std::get_if<Response>(&decision)) return refuse(std::move(*refusal), error);
    auto& taken = std::get<BodyLimit>(decision);
    limit_ = taken.bytes;
    if (request_.head.content_length.value_or(0) > limit_) return refuse_body(error);
    request_.sink = std::move(taken.sink);
    if (request_.sink) streamed_ = request_.head.content_length.value_or(limit_);
    state_ = State::body;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (!request_.sink) start_body(request_.body, length);
  }

  std::size_t on_body_impl(beast::string_view bytes, error_code& error) override {
    received_ += bytes.size();
    if (!request_.sink) {
      request_.body.append(bytes.data(), bytes.size());
    } else if (auto refusal = request_.sink->take({bytes.data(), bytes.size()})) {
      refuse(*std::move(refusal), error);
    }
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions, error_code& error) override {
    if (has_control_character(extensions)) return refuse(malformed("a line within a chunk's head"), error);
    if (size > limit_ - received_) refuse_body(error);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }

  void on_finish_impl(error_code&) override { state_ = State::done; }

  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  void refuse_body(error_code& error) {
    refuse(error_response(413, "payload_too_large",
                          "the body may have at most " + std::to_string(limit_) + " bytes"),
           error);
  }

  Application& application_;
  std::size_t head_limit_;
  std::size_t head_bytes_ = 0;
  std::size_t limit_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
};

RequestParser::RequestParser(std::size_t head_limit, Application& application)
    : impl_(std::make_unique<Impl>(head_limit, application)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::put(std::string_view bytes) { return impl_->put_bytes(bytes); }
RequestParser::State RequestParser::state() const { return impl_->state_; }
bool RequestParser::wants_continue() const { return impl_->expects_continue_ && impl_->received_ == 0; }
std::uint64_t RequestParser::streamed_bytes() const { return impl_->streamed_; }
bool RequestParser::is_http_1_0() const { return impl_->http_1_0_; }
bool RequestParser::is_head() const { return impl_->head_method_; }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
Request RequestParser::take_request() { return std::move(impl_->request_); }
Response RequestParser::take_refusal() { return std::move(impl_->refusal_); }

class ResponseParser::Impl final : public beast::http::basic_parser<false> {
 public:
  Impl(std::size_t limit, bool without_body) {
    eager(true);
    body_limit(limit);
    header_limit(64U * 1024);
    skip(without_body);
  }

  Response response_;

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, error_code&) override {
  }

  void on_response_impl(int status, beast::string_view, int, error_code&) override {
    response_.status = status;
  }

  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& error) override {
    if (is_header_done()) return;  // a trailer
    if (++fields_ > 1000) {
      error = beast::http::error::header_limit;
      return;
    }
    response_.headers.add(name, value);
  }

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    start_body(response_.body, length);
  }

  std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
    response_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code&) override {
    response_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_finish_impl(error_code&) override {}

  int fields_ = 0;
};

ResponseParser::ResponseParser(std::size_t body_limit, bool without_body)
    : body_limit_(body_limit), without_body_(without_body) {
  restart();
}
ResponseParser::~ResponseParser() = default;

std::size_t ResponseParser::put(std::string_view bytes) {
  constexpr std::size_t longest_line = std::size_t{64} * 1024;
  std::size_t used = 0;
  while (state_ == State::reading) {
    const std::string_view rest = bytes.substr(used);
    if (is_too_little(*impl_, rest)) break;
    error_code error;
    const std::size_t now = impl_->put(boost::asio::buffer(rest.data(), rest.size()), error);
    used += now;
    if (error == beast::http::error::need_more) {
      if (bytes.size() - used > longest_line) fail("a line of the response is too long");
      break;
    }
    if (error) {
      fail(error == beast::http::error::body_limit
               ? "the response is larger than " + std::to_string(body_limit_) + " bytes"
               : "malformed response: " + error.message());
      break;
    }
    if (!impl_->is_done()) break;
    const bool interim = impl_->response_.status / 100 == 1;
    if (!interim) {
      state_ = State::done;
      break;
    }
    if (impl_->response_.status == 101) {
      fail("unasked switch of protocols");
      break;
    }
    restart();
  }
  return used;
}

void ResponseParser::put_eof() {
  if (state_ != State::reading) return;
  if (!impl_->got_some()) return fail("the connection was closed before a response");
  error_code error;
  impl_->put_eof(error);
  if (error) return fail("the connection was closed in the middle of the response");
  state_ = State::done;
}

bool ResponseParser::keep_alive() const { return impl_->keep_alive(); }
bool ResponseParser::has_head() const {
  return impl_->is_header_done() && impl_->response_.status / 100 != 1;
}
Response ResponseParser::take_response() { return std::move(impl_->response_); }
Response ResponseParser::take_head() {
  return {.status = impl_->response_.status, .headers = std::move(impl_->response_.headers), .body = {}};
}
std::string ResponseParser::take_body() { return std::exchange(impl_->response_.body, {}); }

void ResponseParser::fail(std::string why) {
  state_ = State::failed;
  error_ = std::move(why);
}

void ResponseParser::restart() { impl_ = std::make_unique<Impl>(body_limit_, without_body_); }

Response error_response(int status, std::string_view code, std::string_view message) {
  std::string text;
  text.append(R"({"error":")").append(code).append(R"(","message":")").append(message).append(R"("})");
  return json_response(status, std::move(text));
}

}  // namespace butler::http
