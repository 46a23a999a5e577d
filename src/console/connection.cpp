#include "console/connection.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "process/installation.hpp"
#include "terminal/display_width.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

std::vector<http::Url> parsed(const std::string& addresses) {
  auto urls = api::parse_addresses(addresses);
  if (!urls) throw Failure("ORCH_BASE_URL is no address: " + addresses + "; `butler config check` says more");
  return *std::move(urls);
}

}  // namespace

std::string terminal_person() {
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t user = ::getuid();
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return "cli:" + (found == nullptr ? std::to_string(user) : std::string{found->pw_name});
}

Connection::Connection(Access access)
    : access_(std::move(access)),
      client_(context_.get_executor(), parsed(access_.url), access_.token, access_.authorities) {}

std::string Connection::explain(const api::CallError& error) const {
  if (error.kind == api::CallError::Kind::unreachable) {
    return "the orchestrator at " + access_.url + " does not answer (" +
           terminal::printable_line(error.message) + "): is Butler running? `" + process::start_command() +
           "` starts it, `butler status` looks";
  }
  if (error.status == 401) {
    return "the orchestrator at " + access_.url +
           " does not take this ORCH_GATEWAY_TOKEN: it was started with another one; restart Butler, or run "
           "this command with the same BUTLER_HOME and .env";
  }
  if (error.status == 404) return "there is no such job any more: `butler jobs` lists them";
  return terminal::printable_line(error.message);
}

void Connection::run_to_end(asio::awaitable<void> task) {
  std::exception_ptr fault;
  context_.restart();
  asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& error) {
    fault = error;
    context_.stop();  // the connections that are kept for the next call would go on being watched
  });
  context_.run();
  if (fault) std::rethrow_exception(fault);
}

}  // namespace butler::console
