#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
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

/// What a hosts file (hosts(5)) has for a name, in its order; nothing for most. Pure.
std::vector<boost::asio::ip::address> addresses_in_hosts(std::string_view hosts, std::string_view name);

/// First the file /etc/hosts, then DNS without a search list.
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(boost::asio::any_io_executor executor,
                          std::filesystem::path hosts_file = "/etc/hosts")
      : executor_(std::move(executor)), hosts_file_(std::move(hosts_file)) {}

  boost::asio::awaitable<std::expected<std::vector<boost::asio::ip::address>, std::string>> resolve(
      std::string name, std::chrono::milliseconds timeout) override;

 private:
  boost::asio::any_io_executor executor_;
  std::filesystem::path hosts_file_;
};

}  // namespace butler::egress
