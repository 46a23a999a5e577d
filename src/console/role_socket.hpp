#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "json/value.hpp"

namespace butler::console {

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
  json::Value body = nullptr;       ///< likewise
  std::filesystem::path path = {};  ///< of the socket
};

/// One call of a role's administration socket, `<home>/<role>.sock`.
boost::asio::awaitable<RoleAnswer> call_role(boost::asio::any_io_executor executor,
                                             std::filesystem::path home, std::string role, std::string method,
                                             std::string target);

}  // namespace butler::console
