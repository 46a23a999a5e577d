#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/event_stream.hpp"
#include "mcp_host/configuration.hpp"
#include "mcp_host/message_filter.hpp"

namespace json = butler::json;
using butler::mcp_host::Call;
using butler::mcp_host::Method;
using butler::mcp_host::ToolList;

namespace {

const ToolList tools{.all = false, .names = {"read"}};
const std::vector<std::string> secrets{"Bearer secret-key", "secret-key"};

/// What goes on is one line, passes again as it is, and calls no tool but the allowed one.
void check_call(std::string_view text) {
  const auto call = butler::mcp_host::read_call(tools, text);
  if (!call) return;
  const std::string sent = butler::mcp_host::call_text(*call, call->id);
  if (sent.find('\n') != std::string::npos) std::abort();
  if (call->method == Method::call_tool && call->tool != "read") std::abort();
  const auto again = butler::mcp_host::read_call(tools, sent);
  if (!again || butler::mcp_host::call_text(*again, again->id) != sent) std::abort();
}

/// What comes back can be read, shows no secret and lists no tool but the allowed one.
void check_answer(std::string_view text) {
  const auto answer = butler::mcp_host::read_answer(text, 1);
  if (!answer) return;
  for (const Method method : {Method::initialize, Method::list_tools, Method::call_tool}) {
    const Call call{.method = method, .id = 1};
    const std::string shown = butler::mcp_host::filter_answer(call, tools, *answer, secrets);
    const auto message = json::parse(shown);
    if (!message || shown.find("secret-key") != std::string::npos) std::abort();
    const auto* result = json::find(*message, "result");
    if (method != Method::list_tools || result == nullptr) continue;
    for (const auto& tool : result->at("tools").as_array()) {
      if (json::find_string(tool, "name") != "read") std::abort();
    }
  }
}

}  // namespace

/// The bytes as an agent's message, as a server's line, as a server's stream of events, and as configuration.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  check_call(bytes);
  check_answer(bytes);
  butler::http::EventStream stream;
  for (const auto& event : stream.feed(bytes)) check_answer(event);
  check_answer(stream.finish());
  const auto servers = butler::mcp_host::parse_configuration(bytes);
  if (!servers) return 0;
  for (const auto& [name, server] : *servers) {
    if (!butler::mcp_host::is_server_name(name) || server->name != name) std::abort();
  }
  return 0;
}
