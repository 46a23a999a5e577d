#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "config/load.hpp"
#include "files/descriptor.hpp"
#include "json/value.hpp"
#include "mcp_wrappers/generate.hpp"

/// What the `butler mcp` commands have in common.
namespace butler::cli {

/// All that making and trying wrappers needs; prepares the home. Throws std::runtime_error with what to do.
/// The error is a sentence.
std::expected<mcp_wrappers::Site, std::string> open_mcp_site(const config::Loaded& loaded);

/// Says on standard error what is wrong, without what a terminal would act on: servers are quoted. Returns
/// the exit status.
int complain_of_mcp(const std::string& problem, int status = exit_failure);

/// The texts as a JSON list.
json::Array to_array(const std::vector<std::string>& texts);

/// One command at a time reads and changes the files and the wrappers. The two files are to be read once it
/// is there. Prepares the home. Throws std::runtime_error with what to do. The error, when another command
/// has it, is the exit status, and has been said.
std::expected<files::Descriptor, int> lock_mcp(const config::Loaded& loaded);

}  // namespace butler::cli
