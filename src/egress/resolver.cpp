#include "egress/resolver.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <memory>
#include <sstream>

namespace butler::egress {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Addresses = std::vector<asio::ip::address>;

/// The system's resolver blocks a thread and cannot be interrupted: who gave up waiting leaves this behind.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), answered(executor) {}

  tcp::resolver resolver;
  asio::steady_timer answered;
  bool done = false;
  boost::system::error_code error;
  Addresses addresses;
};

/// "" when there is no such file. Read for each lookup: it is short, and a change counts at once.
std::string read_whole(const std::filesystem::path& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_same_name(std::string_view a, std::string_view b) {
  if (a.ends_with('.')) a.remove_suffix(1);
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Addresses addresses_in_hosts(std::string_view hosts, std::string_view name) {
  Addresses found;
  std::istringstream lines{std::string{hosts}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line.substr(0, line.find('#'))};
    std::string word;
    words >> word;
    boost::system::error_code wrong;
    const auto address = asio::ip::make_address(word, wrong);
    if (wrong) continue;
    while (words >> word) {
      if (is_same_name(word, name) && std::ranges::find(found, address) == found.end())
        found.push_back(address);
    }
  }
  return found;
}

asio::awaitable<std::expected<Addresses, std::string>> SystemResolver::resolve(
    std::string name, std::chrono::milliseconds timeout) {
  if (auto listed = addresses_in_hosts(read_whole(hosts_file_), name); !listed.empty())
    co_return std::move(listed);
  const auto lookup = std::make_shared<Lookup>(executor_);
  lookup->answered.expires_after(timeout);
  // The dot at the end: no search list makes another name of it.
  lookup->resolver.async_resolve(
      name + ".", "",
      [lookup](const boost::system::error_code& error, const tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& result : results) lookup->addresses.push_back(result.endpoint().address());
        lookup->answered.cancel();
      });
  co_await lookup->answered.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!lookup->done) co_return std::unexpected(name + " could not be looked up in time");
  if (lookup->error) co_return std::unexpected(name + " could not be found: " + lookup->error.message());
  if (lookup->addresses.empty()) co_return std::unexpected(name + " has no address");
  co_return std::move(lookup->addresses);
}

}  // namespace butler::egress
