#include "telegram/multipart.hpp"

#include <string_view>

namespace butler::telegram {

namespace {

struct Field {
  std::string disposition;
  std::string content;
};

/// A file name inside quotes: what could end them is replaced.
std::string quotable(std::string_view name) {
  std::string text{name};
  for (char& c : text) {
    if (c == '"' || c == '\\' || c == '\r' || c == '\n') c = '_';
  }
  return text;
}

Field field(std::string_view name, const json::Value& value) {
  const auto* text = value.if_string();
  std::string disposition = "form-data; name=\"" + std::string{name} + "\"";
  if (name != "document" && name != "certificate")
    return {std::move(disposition), text ? std::string{*text} : json::serialize(value)};
  disposition += "; filename=\"" + quotable(json::find_string(value, "file_name")) + "\"";
  disposition += "\r\nContent-Type: text/plain; charset=utf-8";
  return {std::move(disposition), std::string{json::find_string(value, "content")}};
}

std::string body_between(std::string_view boundary, const json::Object& payload) {
  std::string text;
  for (const auto& member : payload) {
    const Field one = field(member.key(), member.value());
    text.append("--").append(boundary).append("\r\nContent-Disposition: ").append(one.disposition);
    text.append("\r\n\r\n").append(one.content).append("\r\n");
  }
  return text.append("--").append(boundary).append("--\r\n");
}

/// Also of what the fields hold: their serialized form holds no line break of its own.
bool occurs(std::string_view boundary, const json::Object& payload) {
  return json::serialize(payload).find(boundary) != std::string::npos;
}

}  // namespace

MultipartBody multipart(const json::Object& payload) {
  std::string boundary;
  for (int number = 0; boundary.empty() || occurs(boundary, payload); ++number) {
    boundary = "butler-part-" + std::to_string(number);
  }
  return {.content_type = "multipart/form-data; boundary=" + boundary,
          .text = body_between(boundary, payload)};
}

}  // namespace butler::telegram
