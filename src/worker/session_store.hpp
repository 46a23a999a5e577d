#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace butler::worker {

/// The stable id of a session root: random, made at the first call, kept in `<root>/.store-id`. A file that
/// holds anything else stops the start with std::runtime_error: another id would tear the sessions from their
/// home.
std::string session_store_id(const std::filesystem::path& session_root);

/// The name that a session's folder, its pi session and its lock go by: of [A-Za-z0-9-], at most 80
/// characters, the same for the same key, and another one for any other key (a readable begin and 128 bits of
/// its SHA-256).
std::string session_name(std::string_view session_key);

}  // namespace butler::worker
