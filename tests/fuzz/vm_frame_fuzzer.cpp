#include <cstdint>
#include <string_view>

#include "vm/message.hpp"
#include "vm/multiplexer.hpp"

namespace vm = butler::vm;

/// What a guest sends its host: frames, and the messages in them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  vm::Multiplexer host{vm::Side::host};
  const auto ours = host.open("kind=run");
  host.write(ours, "input");
  for (std::size_t at = 0; at < bytes.size(); at += 61) {
    const auto events = host.feed(bytes.substr(at, 61));
    if (!events) return 0;
    for (const auto& event : *events) {
      const auto message = vm::decode_message(event.bytes).value_or(vm::Message{});
      const auto end = vm::read_command_end(message);
      const auto answer = vm::read_answer(message);
      if (event.kind == vm::StreamEvent::Kind::data) host.consumed(event.stream, event.bytes.size());
      if (event.kind == vm::StreamEvent::Kind::opened) host.end(event.stream);
    }
    const auto output = host.take_output(4096);
  }
  return 0;
}
