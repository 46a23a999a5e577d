#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "process/line_framer.hpp"
#include "worker/pi_protocol.hpp"
#include "worker/pi_turn.hpp"

/// What a pi prints: lines of any bytes, taken into a turn.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  butler::process::LineFramer framer(2'048);
  butler::worker::pi::Turn turn("prompt-1");
  auto now = butler::worker::pi::Turn::Clock::time_point{};
  for (const std::string& line : framer.feed(std::string{bytes})) {
    const auto record = butler::worker::pi::read_record(line);
    if (!record) continue;
    turn.take(*record, now);
    if (const auto* dialog = std::get_if<butler::worker::pi::Dialog>(&*record)) {
      if (const auto question = butler::worker::pi::read_gate_question(*dialog)) {
        turn.ask(*question);
        turn.begin_call(*question);
      }
    }
    now += std::chrono::seconds{1};
  }
  return 0;
}
