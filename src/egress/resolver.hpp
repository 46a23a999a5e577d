#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace butler::egress {

/// Finds the addresses of a name.
class Resolver {
 public:
  virtual ~Resolver() = default;

  /// All of them, at least one; the error is a sentence. Waits no longer than `timeout`.
  virtual boost::asio::awaitable<std::expected<std::vector<boost::asio::ip::address>, std::string>> resolve(
      std::string name, std::chrono::milliseconds timeout) = 0;
};

/// As the system is configured to (/etc/hosts, DNS).
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  boost::asio::awaitable<std::expected<std::vector<boost::asio::ip::address>, std::string>> resolve(
      std::string name, std::chrono::milliseconds timeout) override;

 private:
  boost::asio::any_io_executor executor_;
};

}  // namespace butler::egress
