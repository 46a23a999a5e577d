#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "http/types.hpp"

/// HTTP/1.x messages out of bytes as they come. The grammar, and what is refused, is Beast's; it is included
/// by the .cpp of this header and nowhere else.
namespace butler::http {

/// Reads one request. The application's admission is asked the moment the head is complete, in the middle of
/// put(), so that a head and its body that arrived together take one pass.
class RequestParser {
 public:
  enum class State : std::uint8_t {
    head,     ///< the head is not complete
    body,     ///< admitted, and the body is not complete
    done,     ///< take_request() may be called
    refused,  ///< take_refusal() may be called; whatever follows on the connection cannot be read
  };

  RequestParser(std::size_t head_limit, Application& application);
  ~RequestParser();

  /// Takes bytes and returns how many it used; the rest is to be given again with more, or belongs to the
  /// next request. Not to be called once done or refused.
  std::size_t put(std::string_view bytes);

  State state() const;
  /// True once the client may be told to send its body (`expect: 100-continue`).
  bool wants_continue() const;
  /// How large a body that goes into a sink may become; 0 for others.
  std::uint64_t streamed_bytes() const;
  bool is_http_1_0() const;
  bool is_head() const;  ///< the method is HEAD
  /// What the client asks for; meaningful once the head is complete.
  bool keep_alive() const;

  Request take_request();
  Response take_refusal();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads one final response; interim ones (1xx) are skipped.
class ResponseParser {
 public:
  enum class State : std::uint8_t { reading, done, failed };

  /// `without_body`: the answer to a HEAD.
  ResponseParser(std::size_t body_limit, bool without_body);
  ~ResponseParser();

  /// As RequestParser::put().
  std::size_t put(std::string_view bytes);
  /// The connection has ended: completes a body that is delimited by that, else fails.
  void put_eof();

  State state() const { return state_; }
  const std::string& error() const { return error_; }
  bool keep_alive() const;
  /// True once status and fields of the final response are complete.
  bool has_head() const;
  Response take_response();
  /// Status and fields; the body stays.
  Response take_head();
  /// What has come of the body since the last call.
  std::string take_body();

 private:
  class Impl;

  void fail(std::string why);
  void restart();

  std::size_t body_limit_;
  bool without_body_;
  State state_ = State::reading;
  std::string error_;
  std::unique_ptr<Impl> impl_;
};

/// An answer that the server itself gives: `{"error": code, "message": …}`.
Response error_response(int status, std::string_view code, std::string_view message);

}  // namespace butler::http
