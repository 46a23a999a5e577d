#include "cli/mcp_site.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>

#include "cli/home.hpp"
#include "config/runtime.hpp"
#include "files/throw_errno.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

std::expected<mcp_wrappers::Site, std::string> open_mcp_site(const config::Loaded& loaded) {
  mcp_wrappers::Site site{.places = mcp_wrappers::find_places(loaded),
                          .user = {},
                          .variables = config::this_start().variables,
                          .mcporter = {}};
  auto version = mcp_wrappers::mcporter_version(site.places);
  if (!version) return std::unexpected(version.error());
  site.mcporter = *std::move(version);
  prepare_home(loaded.place.home);
  if (auto fault = config::find_runtime_fault(site.places.runtime)) return std::unexpected(*std::move(fault));
  if (::geteuid() == 0) site.user = find_home_owners().agent;
  fs::create_directories(site.places.workshop());
  return site;
}

int complain_of_mcp(const std::string& problem, int status) {
  std::cerr << "butler: " << problem << '\n';
  return status;
}

json::Array to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

files::Descriptor lock_mcp(const mcp_wrappers::Places& places) {
  const auto file = places.workshop() / "sync.lock";
  files::Descriptor fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd.is_open()) files::throw_errno(file.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

}  // namespace butler::cli
