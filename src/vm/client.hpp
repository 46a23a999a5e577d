#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "async/task_group.hpp"
#include "vm/machine.hpp"
#include "vm/supervisor.hpp"

namespace butler::vm {

/// Talks to the supervisor of a running machine. One thread; close() before it is destroyed.
class Client {
 public:
  /// nullptr when no machine runs. Throws boost::system::system_error for anything else that fails.
  static boost::asio::awaitable<std::unique_ptr<Client>> connect(std::filesystem::path socket);

  boost::asio::awaitable<std::expected<MachineStatus, std::string>> status();
  RunningCommand run(Command command);
  /// Asks for the stop and returns when the machine is off.
  boost::asio::awaitable<void> stop();
  boost::asio::awaitable<void> close();

 private:
  Client(const boost::asio::any_io_executor& executor, http::Socket socket);
  boost::asio::awaitable<void> run_channel();

  Channel channel_;
  async::TaskGroup tasks_;
};

}  // namespace butler::vm
