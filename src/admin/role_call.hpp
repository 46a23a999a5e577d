#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "json/value.hpp"

namespace butler::admin {

/// What a role's administration socket answers.
struct RoleAnswer {
  enum class Kind : std::uint8_t {
    answered,
    absent,     ///< nobody listens there
    forbidden,  ///< the socket is another user's
    silent,     ///< somebody listens and does not answer
  };
  Kind kind = Kind::absent;
  int status = 0;                   ///< HTTP status when answered
  json::Value body = nullptr;       ///< likewise; null when it was no JSON
  std::string fault = {};           ///< of a silent one, why
  pid_t pid = 0;                    ///< who listens; 0 when that is not known
  std::filesystem::path path = {};  ///< of the socket

  /// Somebody has the socket open, whether there was an answer or not.
  bool listens() const { return kind == Kind::answered || kind == Kind::silent; }
};

/// Where a role ("gateway") of this home listens.
std::filesystem::path role_socket(const std::filesystem::path& home, const std::string& role);

/// Whether somebody listens there, found out by connecting: `absent`, `forbidden`, or `silent` with the
/// process's id.
RoleAnswer look_for_role(const std::filesystem::path& home, const std::string& role);

/// One call of a role's administration socket, answered within `patience`.
boost::asio::awaitable<RoleAnswer> call_role(boost::asio::any_io_executor executor,
                                             std::filesystem::path home, std::string role, std::string method,
                                             std::string target, std::chrono::milliseconds patience);

}  // namespace butler::admin
