#include "json/codec.hpp"

#include <algorithm>

namespace butler::json {

std::string to_camel_case(std::string_view name) {
  std::string camel;
  camel.reserve(name.size());
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return camel;
}

namespace {

/// How JSON writes the character in two; '\0' when it has no such form.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return '\0';
  }
}

bool is_written_as_it_is(char c) { return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\'; }

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto special =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_written_as_it_is) - text.begin());
    out.append(text.substr(0, special));
    if (special == text.size()) break;
    const char c = text[special];
    if (const char second = short_escape(c); second != '\0') {
      out.append({'\\', second});
    } else {
      out.append({'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 0xF]});
    }
    text.remove_prefix(special + 1);
  }
  out.push_back('"');
}

namespace detail {

namespace {

std::string_view kind_of(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "a boolean";
    case boost::json::kind::string: return "a string";
    case boost::json::kind::array: return "an array";
    case boost::json::kind::object: return "an object";
    default: return "a number";
  }
}

}  // namespace

std::string Path::text() const {
  if (parent == nullptr) return {};
  const std::string before = parent->text();
  const std::string own = name.empty() ? std::to_string(index) : std::string{name};
  return before.empty() ? own : before + "/" + own;
}

void report(Problems& problems, const Path& path, std::string message) {
  problems.push_back({path.text(), std::move(message)});
}

void report_type(Problems& problems, const Path& path, std::string_view expected, const Value& got) {
  report(problems, path, "expected " + std::string{expected} + ", got " + std::string{kind_of(got)});
}

void Codec<std::string>::decode(const Value& value, std::string& out, const Path& path, Problems& problems) {
  const auto* text = value.if_string();
  if (text == nullptr) return report_type(problems, path, "a string", value);
  out.assign(text->data(), text->size());
}

void Codec<bool>::decode(const Value& value, bool& out, const Path& path, Problems& problems) {
  if (!value.is_bool()) return report_type(problems, path, "a boolean", value);
  out = value.get_bool();
}

void Codec<std::int64_t>::decode(const Value& value, std::int64_t& out, const Path& path,
                                 Problems& problems) {
  if (!value.is_number()) return report_type(problems, path, "an integer", value);
  boost::system::error_code error;
  const auto number = value.to_number<std::int64_t>(error);
  if (error) return report(problems, path, "expected an integer in range");
  out = number;
}

void Codec<double>::decode(const Value& value, double& out, const Path& path, Problems& problems) {
  if (!value.is_number()) return report_type(problems, path, "a number", value);
  out = value.to_number<double>();
}

void Codec<domain::Timestamp>::decode(const Value& value, domain::Timestamp& out, const Path& path,
                                      Problems& problems) {
  const auto* text = value.if_string();
  if (text == nullptr) return report_type(problems, path, "a string", value);
  const auto time = domain::from_iso8601(std::string_view{*text});
  if (!time) return report(problems, path, "expected a time like 2026-11-22T09:54:39.123Z");
  out = *time;
}

}  // namespace detail

}  // namespace butler::json
