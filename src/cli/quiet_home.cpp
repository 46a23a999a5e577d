#include "cli/quiet_home.hpp"

#include <stdexcept>
#include <system_error>
#include <utility>

#include "cli/running_roles.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

HomeLock locked(const fs::path& home) {
  auto lock = HomeLock::take(home);
  if (!lock) throw std::runtime_error(lock.error() + ". Stop it first");
  return std::move(*lock);
}

}  // namespace

QuietHome::QuietHome(const fs::path& home, Databases databases) : lock_(locked(home)) {
  const auto running = running_roles(home);
  if (!running.empty()) {
    throw std::runtime_error("Butler runs still (" + running.front() +
                             "). Stop it first: end `butler up`, or systemctl stop butler.target");
  }
  if (databases == Databases::free) return;
  for (const char* const name : {"state.db", "gateway.db"}) {
    // Made by whoever runs the role first: one of root's would be in that user's way.
    std::error_code missing;
    if (fs::exists((home / name).string() + ".lock", missing)) databases_.emplace_back(home / name);
  }
}

}  // namespace butler::cli
