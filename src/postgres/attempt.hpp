#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <string>

namespace butler::postgres {

/// A connection that is being made, step by step: nobody has to wait for a server that does not answer. (The
/// address is looked up at the beginning, by the system, which takes its time.)
class Attempt {
 public:
  enum class State : std::uint8_t { under_way, connected, failed };

  /// @param sslmode  unless the address has one
  Attempt(const std::string& url, const std::string& sslmode, const std::string& application);
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt();

  /// Goes on for at most so long. It has failed as well when the server takes more than five seconds.
  State go_on(std::chrono::milliseconds longest);

  /// The connection, or what is left of it, which the caller ends.
  pg_conn* release();

 private:
  pg_conn* connection_ = nullptr;
  PostgresPollingStatusType step_ = PGRES_POLLING_WRITING;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace butler::postgres
