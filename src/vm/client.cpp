#include "vm/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "process/role.hpp"

namespace butler::vm {

namespace asio = boost::asio;

Client::Client(const asio::any_io_executor& executor, http::Socket socket)
    : channel_(std::move(socket), Side::host), tasks_(executor) {
  tasks_.spawn("vm.channel", run_channel());
}

asio::awaitable<void> Client::run_channel() { co_await channel_.run(); }

asio::awaitable<std::unique_ptr<Client>> Client::connect(std::filesystem::path path) {
  const auto executor = co_await asio::this_coro::executor;
  http::Socket socket(executor);
  const asio::local::stream_protocol::endpoint endpoint{path.string()};
  const auto [error] = co_await socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
  // A supervisor that was killed leaves the file.
  if (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory) {
    co_return nullptr;
  }
  if (error) throw boost::system::system_error(error, path.string());
  co_return std::unique_ptr<Client>{new Client(executor, std::move(socket))};
}

asio::awaitable<std::expected<MachineStatus, std::string>> Client::status() {
  auto stream = channel_.open(encode_kind(status_kind));
  stream.end();
  const auto note = co_await stream.read_note();
  auto status = note ? decode_status(*note) : std::nullopt;
  if (!status) co_return std::unexpected("the machine's supervisor does not answer");
  co_return std::move(*status);
}

RunningCommand Client::run(Command command) {
  command.id = process::random_hex(16);
  auto errors = command.terminal ? Stream{} : channel_.open(encode(ErrorsRequest{.id = command.id}));
  return RunningCommand{channel_.open(encode(command)), std::move(errors)};
}

asio::awaitable<void> Client::stop() {
  auto stream = channel_.open(encode_kind(stop_kind));
  co_await stream.read();  // ends with the supervisor
}

asio::awaitable<void> Client::close() {
  channel_.close();
  co_await tasks_.join();
}

}  // namespace butler::vm
