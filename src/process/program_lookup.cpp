#include "process/program_lookup.hpp"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace butler::process {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

std::string_view path_of(const std::vector<std::string>& environment) {
  constexpr std::string_view prefix = "PATH=";
  for (const auto& entry : environment) {
    if (entry.starts_with(prefix)) return std::string_view{entry}.substr(prefix.size());
  }
  return default_path;
}

/// 0 when it can be run, else why not, as errno.
int runnable(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status)) return error ? error.value() : ENOENT;
  if (fs::is_directory(status)) return EISDIR;
  return ::access(file.c_str(), X_OK) == 0 ? 0 : errno;
}

}  // namespace

std::expected<std::string, std::string> find_program(const std::vector<std::string>& arguments,
                                                     const std::vector<std::string>& environment,
                                                     const fs::path& working_directory) {
  if (arguments.empty() || arguments[0].empty())
    return std::unexpected("cannot start a program without a name");
  const std::string& name = arguments[0];
  const auto refuse = [&name](const std::string& reason) {
    return std::unexpected("cannot start '" + name + "': " + reason);
  };
  std::error_code error;
  if (!working_directory.empty() && !fs::is_directory(working_directory, error)) {
    return refuse("its working directory " + working_directory.string() + " does not exist");
  }
  if (name.find('/') != std::string::npos) {
    const int reason = runnable(working_directory / name);
    if (reason != 0) return refuse(std::generic_category().message(reason));
    return name;
  }

  const std::string_view path = path_of(environment);
  bool forbidden = false;
  for (std::string_view rest = path;;) {
    const auto colon = rest.find(':');
    const fs::path folder{rest.substr(0, colon)};  // "" is the working directory, as in the shell
    const int reason = runnable(working_directory / folder / name);
    if (reason == 0) return (folder.empty() ? fs::path{"."} / name : folder / name).string();
    forbidden = forbidden || reason == EACCES;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (forbidden) return refuse("it may not be run (permission denied), PATH=" + std::string{path});
  return refuse("not found, PATH=" + std::string{path});
}

}  // namespace butler::process
