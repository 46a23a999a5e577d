#include "cli/mcp_site.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>

#include "cli/home.hpp"
#include "config/runtime.hpp"
#include "files/throw_errno.hpp"
#include "terminal/display_width.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

void prepare_workshop(const config::Loaded& loaded, const mcp_wrappers::Places& places) {
  prepare_home(loaded.place.home);
  fs::create_directories(places.workshop());
}

}  // namespace

std::expected<mcp_wrappers::Site, std::string> open_mcp_site(const config::Loaded& loaded) {
  mcp_wrappers::Site site{.places = mcp_wrappers::find_places(loaded),
                          .user = {},
                          .variables = config::this_start().variables,
                          .mcporter = {}};
  auto version = mcp_wrappers::mcporter_version(site.places);
  if (!version) return std::unexpected(version.error());
  site.mcporter = *std::move(version);
  if (auto fault = config::find_runtime_fault(site.places.runtime)) return std::unexpected(*std::move(fault));
  prepare_workshop(loaded, site.places);
  if (::geteuid() == 0) site.user = find_home_owners().agent;
  return site;
}

int complain_of_mcp(const std::string& problem, int status) {
  std::cerr << "butler: " << terminal::printable_line(problem) << '\n';
  return status;
}

json::Array to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

std::expected<files::Descriptor, int> lock_mcp(const config::Loaded& loaded) {
  const auto places = mcp_wrappers::find_places(loaded);
  prepare_workshop(loaded, places);
  const auto file = places.workshop() / "sync.lock";
  files::Descriptor fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd.is_open()) files::throw_errno(file.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  return std::unexpected(
      complain_of_mcp("another `butler mcp` command is at work; wait until it has ended", exit_temporary));
}

}  // namespace butler::cli
