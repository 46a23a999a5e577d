#include "sandbox_probe/attempt.hpp"

#include <cerrno>
#include <cstring>

namespace butler::sandbox_probe {

Finding held(std::string detail) { return {Result::held, std::move(detail)}; }
Finding open_door(std::string detail) { return {Result::open, std::move(detail)}; }
Finding skipped(std::string detail) { return {Result::skipped, std::move(detail)}; }

Finding by_result(long result, const char* what) {
  if (result >= 0) return open_door(std::string{what} + " succeeded");
  return held(std::string{what} + ": " + std::strerror(errno));
}

Finding by_permission(long result, const char* what) {
  if (result >= 0) return open_door(std::string{what} + " succeeded");
  const bool refused = errno == EPERM || errno == EACCES || errno == ENOSYS;
  const std::string detail = std::string{what} + ": " + std::strerror(errno);
  return refused ? held(detail) : open_door(detail);
}

std::vector<Group> all_groups() {
  return {{"files", file_attempts()},           {"butler", butler_attempts()},
          {"workspace", workspace_attempts()},  {"processes", process_attempts()},
          {"terminal", terminal_attempts()},    {"sockets", local_socket_attempts()},
          {"network", network_attempts()},      {"families", socket_family_attempts()},
          {"privileges", privilege_attempts()}, {"namespaces", namespace_attempts()},
          {"kernel", kernel_attempts()},        {"devices", device_attempts()},
          {"limits", limit_attempts()}};
}

}  // namespace butler::sandbox_probe
