#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace butler::vm {

/// Runs one of the system's programs (looked up in the system's folders, with an environment of nothing but
/// PATH, HOME and LC_ALL) and returns what it printed. The error is a sentence that names the program, says
/// how it ended and quotes its last words; for a program that is not there, which Debian package has it.
boost::asio::awaitable<std::expected<std::string, std::string>> run_tool(std::vector<std::string> arguments,
                                                                         std::filesystem::path folder);

/// The environment of run_tool().
std::vector<std::string> tool_environment();

/// Where a program of the system is; the error says which package to install.
std::expected<std::filesystem::path, std::string> find_tool(const std::string& name);

}  // namespace butler::vm
