#pragma once

#include <filesystem>
#include <string>

/// How Butler is installed on this machine, as far as the commands depend on it that people are told. `root`
/// is the machine's root folder.
namespace butler::process {

/// Whether Butler is a service here: systemd runs, and has butler.target.
bool is_a_service(const std::filesystem::path& root = "/");

/// The command that starts Butler here: the service's, or `butler up`.
std::string start_command(const std::filesystem::path& root = "/");

/// The command that makes the system users: systemd-sysusers where the package's list of them lies, else the
/// script of a checkout.
std::string users_command(const std::filesystem::path& root = "/");

}  // namespace butler::process
