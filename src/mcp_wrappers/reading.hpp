#pragma once

#include <span>
#include <string>
#include <string_view>

#include "json/value.hpp"

/// How the two files are read: each reader throws WrongFile, which the parser that began turns into its
/// error.
namespace butler::mcp_wrappers {

/// Why a file cannot be used: where, and what is wrong there.
struct WrongFile {
  std::string what;
};

[[noreturn]] void refuse_file(const std::string& where, const std::string& what);

const json::Object& expect_object(const json::Value& value, const std::string& where);
const json::Array& expect_array(const json::Value& value, const std::string& where);
/// A text that is not empty and has no NUL.
std::string expect_text(const json::Value& value, const std::string& where);
bool expect_bool(const json::Value& value, const std::string& where);

/// The member, or an error that names it.
const json::Value& expect_member(const json::Object& object, const char* name, const std::string& where);

void refuse_unknown_members(const json::Object& object, const std::string& where,
                            std::span<const std::string_view> known);

}  // namespace butler::mcp_wrappers
