#include "vm/machine.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "async/as_result.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "domain/timestamp.hpp"
#include "http/listening_socket.hpp"
#include "process/role.hpp"
#include "vm/qmp.hpp"
#include "vm/tool.hpp"

namespace butler::vm {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace asio::experimental::awaitable_operators;

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using Done = std::expected<void, std::string>;
using async::as_result;
constexpr std::chrono::seconds connect_limit{20};
constexpr std::size_t seed_size = 64;
constexpr std::size_t console_limit = 4096;

/// What the work says; or `late`, when it has said nothing within the limit: QEMU and the guest are foreign
/// programs, and whoever waits for them without end cannot be stopped any more.
asio::awaitable<Done> within(std::chrono::seconds limit, asio::awaitable<Done> work, std::string late) {
  auto first = co_await (std::move(work) || async::sleep_for(limit));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return std::unexpected(std::move(late));
}

/// A socket of ours that QEMU connects to once.
class Meeting {
 public:
  Meeting(const asio::any_io_executor& executor, const fs::path& path) : acceptor_(executor) {
    auto parts = http::ListeningSocket::on_path(path).release();
    acceptor_.assign(asio::generic::stream_protocol(AF_UNIX, 0), parts.descriptor);
    file_ = std::move(parts.file);
  }

  asio::awaitable<http::Socket> accept() {
    auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
    socket.non_blocking(true);
    co_return socket;
  }

 private:
  http::SocketFile file_;
  Acceptor acceptor_;
};

/// QEMU, which the kernel kills when this process ends, however that happens.
std::expected<process::ChildProcess, std::string> spawn_qemu(const asio::any_io_executor& executor,
                                                             const MachineOptions& options) {
  const auto qemu = find_tool("qemu-system-x86_64");
  if (!qemu) return std::unexpected(qemu.error());
  const auto setpriv = find_tool("setpriv");
  if (!setpriv) return std::unexpected(setpriv.error());
  std::vector<std::string> arguments{"setpriv",        "--pdeathsig", "KILL",
                                     "--no-new-privs", "--",          qemu->string()};
  for (auto& argument : qemu_arguments(options.hardware, options.snapshot.has_value())) {
    arguments.push_back(std::move(argument));
  }
  return process::ChildProcess::spawn(executor, {.arguments = std::move(arguments),
                                                 .environment = tool_environment(),
                                                 .working_directory = options.folder,
                                                 .program = *setpriv,
                                                 .stdin_mode = process::Stdin::null,
                                                 .stderr_mode = process::Stderr::merged_into_stdout});
}

}  // namespace

class Machine::State {
 public:
  State(const asio::any_io_executor& executor, MachineOptions machine_options, process::ChildProcess child)
      : options(std::move(machine_options)), qemu(std::move(child)), tasks(executor) {}

  asio::awaitable<Done> connect(Meeting& control, Meeting& streams);
  asio::awaitable<Done> load(fs::path snapshot);
  asio::awaitable<Done> wait_for_guest();
  asio::awaitable<Done> prepare();
  asio::awaitable<Done> save_to(int file);
  asio::awaitable<void> read_console();
  asio::awaitable<void> run_channel();
  asio::awaitable<Done> wait_for_migration();

  MachineOptions options;
  process::ChildProcess qemu;
  std::optional<Qmp> qmp;
  std::optional<Channel> channel;
  std::string channel_end;
  std::string console;  ///< the last of it
  async::TaskGroup tasks;
};

asio::awaitable<void> Machine::State::run_channel() { channel_end = co_await channel->run(); }

/// Both connections, or QEMU's own words when it ends before.
asio::awaitable<Done> Machine::State::connect(Meeting& control, Meeting& streams) {
  auto first =
      co_await ((control.accept() && streams.accept()) || qemu.wait() || async::sleep_for(connect_limit));
  if (first.index() == 1) {
    co_return std::unexpected("QEMU did not start (" + std::get<1>(first).describe() + "): " + console);
  }
  if (first.index() == 2) co_return std::unexpected("QEMU did not connect within 20 seconds");
  auto& [to_control, to_streams] = std::get<0>(first);
  qmp.emplace(std::move(to_control));
  channel.emplace(std::move(to_streams), Side::host);
  tasks.spawn("vm.channel", run_channel());
  co_return co_await within(connect_limit, qmp->greet(), "QEMU does not answer on its control connection");
}

asio::awaitable<Done> Machine::State::wait_for_migration() {
  for (;;) {
    const auto state = co_await qmp->execute("query-migrate");
    if (!state) co_return std::unexpected(state.error());
    const auto status = json::find_string(*state, "status");
    if (status == "completed") co_return Done{};
    if (status == "failed" || status == "cancelled") {
      co_return std::unexpected("the machine's state could not be moved: " +
                                std::string{json::find_string(*state, "error-desc")});
    }
    const auto event = co_await qmp->wait_for_event("MIGRATION");
    if (!event) co_return std::unexpected(event.error());
  }
}

namespace {

asio::awaitable<Done> ask(Qmp& qmp, std::string command, json::Object arguments) {
  const auto answer = co_await qmp.execute(std::move(command), std::move(arguments));
  if (!answer) co_return std::unexpected(answer.error());
  co_return Done{};
}

asio::awaitable<Done> report_migration(Qmp& qmp) {
  json::Object events{{"capability", "events"}, {"state", true}};
  json::Object arguments{{"capabilities", json::Array{std::move(events)}}};
  co_return co_await ask(qmp, "migrate-set-capabilities", std::move(arguments));
}

}  // namespace

asio::awaitable<Done> Machine::State::load(fs::path snapshot) {
  const int file = ::open(snapshot.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    co_return std::unexpected(snapshot.string() + ": " + std::generic_category().message(errno));
  }
  auto done = co_await qmp->give_file(file, "state");
  ::close(file);
  if (done) done = co_await report_migration(*qmp);
  if (!done) co_return done;
  json::Object from{{"uri", "fd:state"}};
  done = co_await ask(*qmp, "migrate-incoming", std::move(from));
  if (done) done = co_await wait_for_migration();
  if (done) done = co_await ask(*qmp, "cont", {});
  co_return done;
}

/// What QEMU prints: the guest's console, or why it could not start.
asio::awaitable<void> Machine::State::read_console() {
  for (;;) {
    const auto bytes = co_await qemu.read_stdout();
    if (bytes.empty()) co_return;
    console += bytes;
    if (console.size() > console_limit) console.erase(0, console.size() - console_limit);
  }
}

/// A booted guest opens a stream; one that goes on from a snapshot has done so before.
asio::awaitable<Done> Machine::State::wait_for_guest() {
  auto first = co_await (channel->accept() || async::sleep_for(options.boot_limit));
  if (first.index() == 0 && std::get<0>(first)) {
    auto ready = std::move(*std::get<0>(first));
    if (find_field(ready.request, kind_field) == ready_kind) {
      ready.stream.end();
      co_return Done{};
    }
  }
  co_return std::unexpected("the guest has not come up; its console says:\n" + console);
}

asio::awaitable<std::expected<std::unique_ptr<Machine>, std::string>> Machine::start(MachineOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  Meeting control(executor, options.folder / "qmp.sock");
  Meeting streams(executor, options.folder / "streams.sock");
  auto qemu = spawn_qemu(executor, options);
  if (!qemu) co_return std::unexpected(qemu.error());
  auto state = std::make_unique<State>(executor, std::move(options), std::move(*qemu));
  std::unique_ptr<Machine> machine{new Machine(std::move(state))};
  machine->state_->tasks.spawn("vm.console", machine->state_->read_console());
  auto done = co_await machine->state_->connect(control, streams);
  if (done && machine->state_->options.snapshot) {
    done = co_await within(machine->state_->options.boot_limit,
                           machine->state_->load(*machine->state_->options.snapshot),
                           "QEMU has not read the machine's state");
  } else if (done) {
    done = co_await machine->state_->wait_for_guest();
  }
  if (!done) {
    co_await machine->stop(std::chrono::milliseconds{0});
    co_return std::unexpected(done.error());
  }
  co_return std::move(machine);
}

Machine::Machine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Machine::~Machine() = default;

pid_t Machine::pid() const { return state_->qemu.pid(); }

asio::awaitable<Done> Machine::prepare() {
  co_return co_await within(state_->options.boot_limit, state_->prepare(), "the guest does not answer");
}

asio::awaitable<Done> Machine::State::prepare() {
  const PrepareRequest request{.seed = process::random_hex(seed_size),
                               .unix_milliseconds = domain::wall_clock_now().time_since_epoch().count(),
                               .workspace = options.workspace};
  auto stream = channel->open(encode(request));
  stream.end();
  const auto note = co_await stream.read_note();
  if (!note) co_return std::unexpected("the guest has gone: " + channel_end);
  const auto answer = read_answer(decode_message(*note).value_or(Message{}));
  if (answer.error) co_return std::unexpected("the guest could not be prepared: " + *answer.error);
  co_return Done{};
}

RunningCommand Machine::run(Command command) {
  command.id = process::random_hex(16);
  auto errors = command.terminal ? Stream{} : state_->channel->open(encode(ErrorsRequest{.id = command.id}));
  return RunningCommand{state_->channel->open(encode(command)), std::move(errors)};
}

Stream Machine::open(std::string request) { return state_->channel->open(std::move(request)); }

asio::awaitable<std::optional<Stream>> Machine::accept_connection() {
  for (;;) {
    auto incoming = co_await state_->channel->accept();
    if (!incoming) co_return std::nullopt;
    if (find_field(incoming->request, kind_field) == connect_kind) co_return incoming->stream;
    incoming->stream.reset();
  }
}

asio::awaitable<Done> Machine::State::save_to(int file) {
  auto done = co_await qmp->give_file(file, "state");
  if (done) done = co_await report_migration(*qmp);
  json::Object to{{"uri", "fd:state"}};
  if (done) done = co_await ask(*qmp, "stop", {});
  if (done) done = co_await ask(*qmp, "migrate", std::move(to));
  if (done) done = co_await wait_for_migration();
  co_return done;
}

asio::awaitable<Done> Machine::save(fs::path file) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0) co_return std::unexpected(file.string() + ": " + std::generic_category().message(errno));
  auto done = co_await within(state_->options.boot_limit, state_->save_to(out),
                              "QEMU has not written the machine's state");
  ::close(out);
  co_return done;
}

asio::awaitable<std::string> Machine::wait() {
  const auto status = co_await state_->qemu.wait();
  if (status.success()) co_return "the machine was switched off";
  co_return "QEMU ended (" + status.describe() + "): " + state_->console;
}

asio::awaitable<void> Machine::stop(std::chrono::milliseconds grace) {
  if (state_->channel && grace.count() > 0 && state_->qemu.running()) {
    state_->channel->open(encode_kind(power_off_kind));
    co_await (state_->qemu.wait() || async::sleep_for(grace));
  }
  state_->qemu.signal_group(SIGKILL);
  co_await state_->qemu.wait();
  if (state_->channel) state_->channel->close();
  co_await state_->tasks.join();
}

asio::awaitable<std::expected<process::ExitStatus, std::string>> RunningCommand::wait() {
  const auto note = co_await main_.read_note();
  if (!note) co_return std::unexpected("the machine has gone");
  const auto end = read_command_end(decode_message(*note).value_or(Message{}));
  if (!end) co_return std::unexpected("the guest does not say how the command ended");
  if (end->error) co_return std::unexpected(*end->error);
  co_return process::ExitStatus{.code = end->code, .signal = end->signal};
}

void RunningCommand::signal(int number) { main_.note(encode(SignalNote{.number = number})); }

void RunningCommand::kill() {
  main_.reset();
  errors_.reset();
}

namespace {

asio::awaitable<void> serve_connection(Stream stream, fs::path services) {
  if (services.empty()) co_return stream.reset();
  http::Socket socket(co_await asio::this_coro::executor);
  const asio::local::stream_protocol::endpoint endpoint{services.string()};
  const auto [error] = co_await socket.async_connect(endpoint, as_result);
  if (error) co_return stream.reset();
  co_await join(std::move(stream), std::move(socket));
}

}  // namespace

asio::awaitable<void> serve_connections(Machine& machine, fs::path services) {
  async::TaskGroup connections(co_await asio::this_coro::executor);
  while (auto stream = co_await machine.accept_connection()) {
    connections.spawn("vm.connection", serve_connection(std::move(*stream), services));
  }
  co_await connections.join();
}

}  // namespace butler::vm
