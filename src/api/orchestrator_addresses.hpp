#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "http/client.hpp"

namespace butler::api {

/// The orchestrators of one database, each by its address. Calls go to the one that has answered last. When
/// it is not reached, gives no answer or says 503, the next calls go to the next one; a call of which surely
/// nothing was sent goes there at once. Where one has waited for its answer in vain, the others that wait
/// there end with it: a process that hangs holds nobody longer than the least patient. One thread.
class OrchestratorAddresses {
 public:
  /// @param bases  at least one
  OrchestratorAddresses(const boost::asio::any_io_executor& executor, std::vector<http::Url> bases,
                        http::ClientOptions options, const http::Authorities& authorities = {});

  /// As http::Client's; `timeout` is for each address that is tried.
  boost::asio::awaitable<std::expected<http::Response, http::ClientError>> send(
      http::Request request, std::chrono::milliseconds timeout);
  boost::asio::awaitable<std::expected<http::ResponseStream, http::ClientError>> open(
      http::Request request, std::chrono::milliseconds timeout);

 private:
  void turn_from(std::size_t used);
  void turn_from(std::size_t used, const http::ClientError& error);

  std::vector<http::Client> clients_;
  std::size_t current_ = 0;
};

/// The addresses in a list that is separated by commas, as ORCH_BASE_URL is; nullopt when one is wrong, or
/// there is none.
std::optional<std::vector<http::Url>> parse_addresses(std::string_view list);

}  // namespace butler::api
