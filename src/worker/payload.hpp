#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "json/value.hpp"

/// What an approval is bound to. A call that differs in any of it is another call, and is asked for anew.
namespace butler::worker {

/// All that makes a tool call what it is.
struct Payload {
  std::string tool_name;
  json::Value input;
  std::string cwd;
  std::string sandbox_profile;
  /// What the call would execute, by path: see fingerprint().
  std::map<std::string, std::string> files = {};
};

/// JSON text with the members of every object in the order of their names (by bytes), without spaces. Pure.
std::string sorted_json(const json::Value& value);

/// The payload's hash: 64 lower-case hexadecimal digits, SHA-256 over sorted_json() of
/// `{cwd, files, input, sandboxProfile, toolName}`. Pure.
std::string payload_hash(const Payload& payload);

/// What a file is now: "absent", or the SHA-256 of its content in hexadecimal digits; for a link that leads
/// out of the workspace "link ", where it ends and, if that may be read, the SHA-256. What is no file, or
/// larger than 256 MiB, cannot be approved: the error is a sentence.
std::expected<std::string, std::string> fingerprint(const std::filesystem::path& file,
                                                    const std::filesystem::path& workspace);

/// The fingerprints of all these files.
std::expected<std::map<std::string, std::string>, std::string> fingerprints(
    const std::vector<std::string>& files, const std::filesystem::path& workspace);

}  // namespace butler::worker
