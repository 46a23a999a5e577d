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

/// Says on standard error what is wrong; returns the exit status.
int complain_of_mcp(const std::string& problem, int status = exit_failure);

/// The texts as a JSON list.
json::Array to_array(const std::vector<std::string>& texts);

/// One run at a time: closed when another one has it.
files::Descriptor lock_mcp(const mcp_wrappers::Places& places);

}  // namespace butler::cli
