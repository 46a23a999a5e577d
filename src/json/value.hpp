#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>
#include <string_view>

namespace butler::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

/// Parses one JSON text (RFC 8259, UTF-8, at most 32 levels deep, numbers within the range of a double). The
/// error is a sentence.
std::expected<Value, std::string> parse(std::string_view text);

/// As parse(), but a lone surrogate escape (\ud83d without its other half) becomes U+FFFD and invalid UTF-8
/// bytes likewise: providers cut emojis between two chunks, and pi hands the halves on.
std::expected<Value, std::string> parse_tolerant(std::string_view text);

/// Compact JSON.
std::string serialize(const Value& value);

/// The member of an object, or nullptr when the value is no object or has no such member.
const Value* find(const Value& value, std::string_view member);

/// The string member, or "" when it is absent or no string.
std::string_view find_string(const Value& value, std::string_view member);

/// The integer member when it is there and fits, else `otherwise`.
std::int64_t find_integer(const Value& value, std::string_view member, std::int64_t otherwise = 0);

/// The number member as a double, else `otherwise`.
double find_number(const Value& value, std::string_view member, double otherwise = 0);

/// True only for a member that is `true`.
bool find_true(const Value& value, std::string_view member);

}  // namespace butler::json
