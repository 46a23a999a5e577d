#include "json/value.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <utility>

#include "domain/utf8.hpp"
#include "json/short_lived.hpp"

namespace butler::json {

namespace {

constexpr std::string_view replacement_escape = "\\ufffd";

/// The 16 bits of the \uXXXX escape at text[at]; -1 when there is no complete one.
int escape_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

std::string without_lone_surrogates(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      repaired.push_back(text[i++]);
      continue;
    }
    const int unit = escape_at(text, i);
    if (is_high(unit) && is_low(escape_at(text, i + 6))) {
      repaired.append(text.substr(i, 12));
      i += 12;
    } else if (is_high(unit) || is_low(unit)) {
      repaired.append(replacement_escape);
      i += 6;
    } else {
      repaired.append(text.substr(i, 2));  // any other escape, \\ and \" included
      i += 2;
    }
  }
  return repaired;
}

/// False when a number in the value was too large for a double: it could be written, but not read again.
bool is_finite(const Value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, is_finite);
  if (const auto* object = value.if_object()) {
    return std::ranges::all_of(*object, [](const auto& member) { return is_finite(member.value()); });
  }
  return true;
}

}  // namespace

namespace {

std::expected<Value, std::string> parse_into(std::string_view text, boost::json::storage_ptr memory) {
  boost::system::error_code error;
  Value value = boost::json::parse(text, error, std::move(memory));
  if (error) return std::unexpected("not valid JSON: " + error.message());
  if (!is_finite(value)) return std::unexpected(std::string{"not valid JSON: a number is out of range"});
  return value;
}

}  // namespace

std::expected<Value, std::string> parse(std::string_view text) { return parse_into(text, {}); }

std::expected<Value, std::string> ShortLived::parse(std::string_view text) {
  return parse_into(text, &memory_);
}

std::expected<Value, std::string> parse_tolerant(std::string_view text) {
  auto value = parse(text);
  if (value) return value;
  return parse(domain::to_valid_utf8(without_lone_surrogates(text)));
}

std::string serialize(const Value& value) { return boost::json::serialize(value); }

const Value* find(const Value& value, std::string_view member) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(member);
}

std::string_view find_string(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view{} : std::string_view{*text};
}

std::int64_t find_integer(const Value& value, std::string_view member, std::int64_t otherwise) {
  const Value* found = find(value, member);
  if (found == nullptr || !found->is_number()) return otherwise;
  boost::system::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  return error ? otherwise : number;
}

double find_number(const Value& value, std::string_view member, double otherwise) {
  const Value* found = find(value, member);
  if (found == nullptr || !found->is_number()) return otherwise;
  boost::system::error_code error;
  const auto number = found->to_number<double>(error);
  return error ? otherwise : number;
}

bool find_true(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace butler::json
