#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace butler::process {

/// The file that a child with this environment and working directory would run for arguments[0], as execvp(3)
/// finds it, but on the child's PATH. The error is a sentence that names the program and the reason.
std::expected<std::string, std::string> find_program(const std::vector<std::string>& arguments,
                                                     const std::vector<std::string>& environment,
                                                     const std::filesystem::path& working_directory);

}  // namespace butler::process
