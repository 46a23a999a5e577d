#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "mcp_host/configuration.hpp"

namespace butler::mcp_host {

/// What of MCP passes from an agent to a server.
enum class Method : std::uint8_t { initialize, initialized, ping, list_tools, call_tool };

/// The method's name on the wire.
std::string_view method_name(Method method);

/// What an agent asks, as far as it passes: members that are not listed here are gone.
struct Call {
  Method method = Method::ping;
  json::Value id = {};       ///< a text or a whole number, the agent's own; null for a notification
  std::string tool = {};     ///< of call_tool
  json::Object params = {};  ///< made anew from what was sent
};

/// What is answered in the server's place.
struct Refusal {
  int status = 200;         ///< of HTTP: an error of JSON-RPC is an ordinary answer
  std::string body = {};    ///< "" for what nobody waits for
  std::string denied = {};  ///< the tool or the method that is not served, cut to what a log can show
};

/// Reads one message of an agent's. `initialize`, `ping`, `tools/list` and calls of allowed tools pass, and
/// the notification that the client is ready; what the client says it can do for a server does not, so that
/// no server asks it. Any other request is answered -32601, other notifications with nothing. Batches,
/// answers and what is no JSON-RPC are refused with 400.
std::expected<Call, Refusal> read_call(const ToolList& tools, std::string_view text);

/// The message as it goes to the server, in one line, with this id in the place of the agent's.
std::string call_text(const Call& call, const json::Value& id);

/// The server's message when it answers the request with this id; nullopt for anything else.
std::optional<json::Object> read_answer(std::string_view text, const json::Value& id);

/// The answer as the agent gets it, with the agent's id: of tools only the allowed, of what the server can
/// do only tools, and "[redacted]" in the place of each secret.
std::string filter_answer(const Call& call, const ToolList& tools, const json::Object& answer,
                          std::span<const std::string> secrets);

/// The text without the secrets.
std::string without_secrets(std::string text, std::span<const std::string> secrets);

/// An error of JSON-RPC.
std::string error_text(const json::Value& id, int code, std::string_view message);

/// JSON-RPC's codes.
inline constexpr int method_not_found = -32'601;
inline constexpr int server_error = -32'000;

}  // namespace butler::mcp_host
