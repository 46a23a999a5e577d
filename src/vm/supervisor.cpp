#include "vm/supervisor.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe.hpp>
#include <chrono>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/listening_socket.hpp"
#include "json/codec.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::vm {

BOOST_DESCRIBE_STRUCT(MachineStatus, (),
                      (pid, qemu_pid, accelerator, from_snapshot, start_milliseconds, started_at, commands))

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
constexpr std::chrono::seconds stop_grace{5};

/// Serves the clients of a running machine.
class Supervisor {
 public:
  Supervisor(const asio::any_io_executor& executor, Machine& machine, MachineStatus status)
      : machine_(machine), status_(std::move(status)), clients_(executor), stop_(executor) {}

  asio::awaitable<void> accept_clients(Acceptor& acceptor) {
    for (;;) {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      socket.non_blocking(true);
      clients_.spawn("vm.client", serve(std::move(socket)));
    }
  }

  asio::awaitable<void> wait_for_stop() {
    while (!stopping_) co_await stop_.wait();
  }

  asio::awaitable<void> shut_down() {
    clients_.cancel();
    co_await clients_.join();
  }

 private:
  asio::awaitable<void> serve(http::Socket socket) {
    Channel channel(std::move(socket), Side::guest);
    async::TaskGroup streams(co_await asio::this_coro::executor);
    co_await (channel.run() && serve_streams(channel, streams));
    co_await streams.join();
  }

  asio::awaitable<void> serve_streams(Channel& channel, async::TaskGroup& streams) {
    while (auto incoming = co_await channel.accept()) {
      streams.spawn("vm.stream", serve_stream(std::move(*incoming)));
    }
  }

  asio::awaitable<void> serve_stream(Incoming incoming) {
    const auto kind = find_field(incoming.request, kind_field);
    if (kind == status_kind) {
      incoming.stream.note(encode_status(status_));
      incoming.stream.end();
    } else if (kind == stop_kind) {
      stopping_ = true;
      stop_.notify_all();
    } else if (kind == run_kind || kind == errors_kind) {
      const bool command = kind == run_kind;
      if (command) log::info("vm.command", {{"as_root", find_field(incoming.request, "user") == "root"}});
      status_.commands += command ? 1 : 0;
      co_await join(incoming.stream, machine_.open(encode_message(incoming.request)));
      status_.commands -= command ? 1 : 0;
    } else {
      incoming.stream.reset();
    }
  }

  Machine& machine_;
  MachineStatus status_;
  async::TaskGroup clients_;
  async::Event stop_;
  bool stopping_ = false;
};

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Until there is a reason to stop; returns it.
asio::awaitable<std::string> run_until_stopped(Machine& machine, Supervisor& supervisor, Acceptor& acceptor) {
  auto reason = co_await (supervisor.accept_clients(acceptor) || supervisor.wait_for_stop() ||
                          process::wait_for_stop_signal() || machine.wait());
  co_return reason.index() == 3 ? std::get<3>(reason) : std::string{"it was asked to stop"};
}

}  // namespace

std::string encode_status(const MachineStatus& status) { return json::serialize(json::encode(status)); }

std::optional<MachineStatus> decode_status(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::nullopt;
  auto status = json::decode<MachineStatus>(*value);
  if (!status) return std::nullopt;
  return std::move(*status);
}

asio::awaitable<std::expected<std::string, std::string>> supervise(const MachineStore& store,
                                                                   MachineRecord record,
                                                                   SupervisorOptions options,
                                                                   std::function<void()> ready) {
  const auto executor = co_await asio::this_coro::executor;
  auto listening = http::ListeningSocket::on_path(store.socket()).release();
  const auto begun = std::chrono::steady_clock::now();
  auto started = co_await store.start(std::move(record), options.warm);
  if (!started) {
    listening.file.remove();
    ::close(listening.descriptor);
    co_return std::unexpected(started.error());
  }
  Machine& machine = *started->machine;
  Acceptor acceptor(executor, asio::generic::stream_protocol(AF_UNIX, 0), listening.descriptor);
  Supervisor supervisor(executor, machine,
                        {.pid = ::getpid(),
                         .qemu_pid = machine.pid(),
                         .accelerator = std::string{accelerator_name(choose_accelerator())},
                         .from_snapshot = started->from_snapshot,
                         .start_milliseconds = milliseconds_since(begun),
                         .started_at = domain::wall_clock_now()});
  async::TaskGroup connections(executor);
  connections.spawn("vm.connections", serve_connections(machine, options.services));
  log::info("vm.started", {{"from_snapshot", started->from_snapshot}});
  ready();
  const auto reason = co_await run_until_stopped(machine, supervisor, acceptor);
  listening.file.remove();
  co_await machine.stop(stop_grace);
  co_await supervisor.shut_down();
  co_await connections.join();
  log::info("vm.stopped", {{"reason", reason}});
  co_return reason;
}

}  // namespace butler::vm
