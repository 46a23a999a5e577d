#include <ostream>

#include "api/describe.hpp"
#include "console/connection.hpp"
#include "console/status.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"

// `butler panic`: stops everything at once, and goes on again.
namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds panic_patience{30};

int report_state(const api::AdminAnswer& answer, std::string_view words, Streams streams) {
  if (streams.json) {
    streams.write(json::encode(answer));
  } else {
    streams.out << words << '\n';
  }
  return 0;
}

asio::awaitable<int> tell_panic(Connection& connection, Streams streams) {
  auto answer = co_await connection.orchestrator().admin_state();
  const auto state = connection.require(std::move(answer));
  std::string words = "Panic is off: new work begins.";
  if (state.paused) {
    words = "Panic is on: nothing begins until butler panic off. Reason: " +
            terminal::printable_line(state.pause_reason.value_or("none given"));
  }
  co_return report_state({.admin = state}, words, streams);
}

asio::awaitable<int> stop_everything(Connection& connection, Streams streams) {
  const std::string& person = connection.access().person;
  const api::PauseRequest request{
      .reason = "panic by " + person, .abort_running = true, .requester_id = person};
  const auto call = [&] { return connection.orchestrator().pause(request); };
  auto answer = co_await call_patiently<api::AdminAnswer>(call, panic_patience);
  const auto paused = connection.require(std::move(answer));
  const auto stopped = paused.aborted.value_or(0);
  co_return report_state(paused,
                         "Panic is on: " + std::to_string(stopped) +
                             (stopped == 1 ? " job was" : " jobs were") +
                             " told to end, and nothing begins until butler panic off.",
                         streams);
}

asio::awaitable<int> go_on(Connection& connection, Streams streams) {
  const api::ResumeRequest request{.requester_id = connection.access().person};
  const auto call = [&] { return connection.orchestrator().resume(request); };
  auto answer = co_await call_patiently<api::AdminState>(call, panic_patience);
  const auto state = connection.require(std::move(answer));
  co_return report_state({.admin = state}, "Panic is off: what waits in the queue begins now.", streams);
}

}  // namespace

int show_panic(const Access& access, Streams streams) {
  Connection connection(access);
  return connection.run(tell_panic(connection, streams));
}

int panic_on(const Access& access, Streams streams) {
  Connection connection(access);
  return connection.run(stop_everything(connection, streams));
}

int panic_off(const Access& access, Streams streams) {
  Connection connection(access);
  return connection.run(go_on(connection, streams));
}

}  // namespace butler::console
