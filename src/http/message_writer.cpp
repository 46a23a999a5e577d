#include "http/message_writer.hpp"

#include <algorithm>
#include <array>

#include "http/body.hpp"

namespace butler::http {

namespace {

bool is_framing(std::string_view name) {
  return same_name(name, "content-length") || same_name(name, "transfer-encoding") ||
         same_name(name, "connection");
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  const auto start = static_cast<std::ptrdiff_t>(text.size());
  text.append(value);
  // Nobody writes a second field, or a second message, through a value.
  std::replace_if(
      text.begin() + start, text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  text.append("\r\n");
}

std::size_t fields_size(const Headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  return size;
}

std::string host_field(const Url& base) {
  std::string host = base.host.find(':') == std::string::npos ? base.host : "[" + base.host + "]";
  const bool usual_port = base.port == (base.tls ? "443" : "80");
  return usual_port ? host : host.append(":").append(base.port);
}

bool usually_has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// Of a request's or a response's body.
template <class Message>
std::uint64_t body_size(const Message& message) {
  return message.source ? message.source->size() : message.body.size();
}

}  // namespace

bool may_have_body(int status) { return status != 204 && status != 304; }

bool asks_to_close(const Response& response) {
  const auto field = response.headers.find("connection");
  return field && same_name(*field, "close");
}

std::string response_head_text(const Response& response, Framing framing, ConnectionField connection) {
  std::string text;
  text.reserve(96 + fields_size(response.headers) + (framing == Framing::length ? response.body.size() : 0));
  text.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  text.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (!is_framing(name) && is_token(name)) append_field(text, name, value);
  }
  const bool with_body = may_have_body(response.status);
  if (with_body && framing == Framing::length) {
    append_field(text, "content-length", std::to_string(body_size(response)));
  }
  if (with_body && framing == Framing::chunked) append_field(text, "transfer-encoding", "chunked");
  if (connection == ConnectionField::close) append_field(text, "connection", "close");
  if (connection == ConnectionField::keep_alive) append_field(text, "connection", "keep-alive");
  return text.append("\r\n");
}

std::expected<std::string, std::string> request_head_text(const Url& base, const Request& request) {
  const std::string& target = request.head.target;
  if (!is_token(request.head.method)) return std::unexpected("the method is not a token");
  if (!target.starts_with('/') || std::ranges::any_of(target, [](char c) { return c <= ' ' || c == 0x7F; })) {
    return std::unexpected("the target is not a path");
  }

  std::string text;
  text.reserve(128 + base.path.size() + target.size() + fields_size(request.head.headers));
  text.append(request.head.method).append(" ").append(base.path).append(target).append(" HTTP/1.1\r\n");
  append_field(text, "host", host_field(base));
  for (const auto& [name, value] : request.head.headers) {
    if (!is_framing(name) && !same_name(name, "host") && is_token(name)) append_field(text, name, value);
  }
  const auto size = body_size(request);
  if (size > 0 || usually_has_body(request.head.method)) {
    append_field(text, "content-length", std::to_string(size));
  }
  return text.append("\r\n");
}

}  // namespace butler::http
