#include "process/installation.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace butler::process {

namespace fs = std::filesystem;

namespace {

bool is_on_machine(const fs::path& root, const char* path) {
  std::error_code error;
  return fs::exists(root / path, error);
}

}  // namespace

bool is_a_service(const fs::path& root) {
  static constexpr std::array units{
      "etc/systemd/system/butler.target", "usr/local/lib/systemd/system/butler.target",
      "usr/lib/systemd/system/butler.target", "lib/systemd/system/butler.target"};
  return is_on_machine(root, "run/systemd/system") &&
         std::ranges::any_of(units, [&](const char* unit) { return is_on_machine(root, unit); });
}

std::string start_command(const fs::path& root) {
  return is_a_service(root) ? "systemctl start butler.target" : "butler up";
}

std::string users_command(const fs::path& root) {
  // By its name: not every systemd looks into /usr/local.
  for (const char* const list : {"usr/lib/sysusers.d/butler.conf", "usr/local/lib/sysusers.d/butler.conf"}) {
    if (is_on_machine(root, list)) return std::string{"systemd-sysusers /"} + list;
  }
  return "tools/setup/users.sh";
}

}  // namespace butler::process
