#include "mcp_host/message_filter.hpp"

#include <array>
#include <utility>

namespace butler::mcp_host {

namespace {

constexpr int invalid_params = -32'602;
constexpr int invalid_request = -32'600;
constexpr int parse_error = -32'700;
constexpr std::size_t longest_id = 256;
constexpr std::size_t longest_shown = 100;

constexpr std::array<std::pair<Method, std::string_view>, 5> methods{
    {{Method::initialize, "initialize"},
     {Method::initialized, "notifications/initialized"},
     {Method::ping, "ping"},
     {Method::list_tools, "tools/list"},
     {Method::call_tool, "tools/call"}}};

std::optional<Method> find_method(std::string_view name) {
  for (const auto& [method, known] : methods) {
    if (known == name) return method;
  }
  return std::nullopt;
}

bool is_id(const json::Value& value) {
  if (const auto* text = value.if_string()) return text->size() <= longest_id;
  return value.is_int64() || value.is_uint64();
}

Refusal bad_request(int code, std::string_view message) {
  return {.status = 400, .body = error_text({}, code, message)};
}

Refusal not_served(const json::Value& id, std::string_view what, std::string_view kind) {
  const std::string shown{what.substr(0, longest_shown)};
  Refusal refusal{.denied = shown};
  if (id.is_null()) {
    refusal.status = 202;
  } else {
    refusal.body = error_text(id, method_not_found,
                              std::string{kind} + " \"" + shown + "\" is not one that agents may use here");
  }
  return refusal;
}

void keep_text(json::Object& to, const json::Value& from, std::string_view member) {
  const auto* found = json::find(from, member);
  if (found != nullptr && found->is_string()) to[member] = *found;
}

json::Object initialize_params(const json::Value& sent) {
  json::Object params;
  keep_text(params, sent, "protocolVersion");
  params["capabilities"] = json::Object{};
  json::Object client;
  if (const auto* info = json::find(sent, "clientInfo")) {
    for (const auto* const member : {"name", "title", "version"}) keep_text(client, *info, member);
  }
  params["clientInfo"] = std::move(client);
  return params;
}

/// Fills in the call's params; what is wrong with them else.
std::optional<Refusal> take_params(Call& call, const ToolList& tools, const json::Value& sent) {
  if (call.method == Method::initialize) call.params = initialize_params(sent);
  if (call.method == Method::list_tools) keep_text(call.params, sent, "cursor");
  if (call.method != Method::call_tool) return std::nullopt;
  const auto* name = json::find(sent, "name");
  const auto* arguments = json::find(sent, "arguments");
  if (name == nullptr || !name->is_string() || (arguments != nullptr && !arguments->is_object())) {
    return Refusal{
        .body = error_text(call.id, invalid_params, "a call names its tool, with an object of arguments")};
  }
  call.tool = std::string{std::string_view{name->get_string()}};
  if (!tools.allows(call.tool)) return not_served(call.id, call.tool, "the tool");
  call.params["name"] = call.tool;
  call.params["arguments"] = arguments == nullptr ? json::Value(json::Object{}) : *arguments;
  return std::nullopt;
}

void keep_allowed_tools(json::Object& result, const ToolList& tools) {
  json::Array kept;
  if (const auto* listed = result.if_contains("tools"); listed != nullptr && listed->is_array()) {
    for (const auto& tool : listed->get_array()) {
      const auto* name = json::find(tool, "name");
      if (name != nullptr && name->is_string() && tools.allows(name->get_string())) kept.push_back(tool);
    }
  }
  json::Object filtered{{"tools", std::move(kept)}};
  keep_text(filtered, result, "nextCursor");
  result = std::move(filtered);
}

json::Object filter_result(Method method, const ToolList& tools, json::Object result) {
  if (method == Method::ping) return {};
  if (method == Method::list_tools) keep_allowed_tools(result, tools);
  if (method == Method::initialize) result["capabilities"] = json::Object{{"tools", json::Object{}}};
  return result;
}

void redact(json::Value& value, std::span<const std::string> secrets) {
  if (auto* text = value.if_string()) {
    *text = without_secrets(std::string{std::string_view{*text}}, secrets);
  } else if (auto* array = value.if_array()) {
    for (auto& item : *array) redact(item, secrets);
  } else if (auto* object = value.if_object()) {
    json::Object clean;
    for (auto& member : *object) {
      redact(member.value(), secrets);
      clean[without_secrets(std::string{std::string_view{member.key()}}, secrets)] =
          std::move(member.value());
    }
    *object = std::move(clean);
  }
}

}  // namespace

std::string_view method_name(Method method) {
  for (const auto& [known, name] : methods) {
    if (known == method) return name;
  }
  return {};
}

std::expected<Call, Refusal> read_call(const ToolList& tools, std::string_view text) {
  const auto message = json::parse(text);
  if (!message) return std::unexpected(bad_request(parse_error, message.error()));
  if (message->is_array()) return std::unexpected(bad_request(invalid_request, "batches are not served"));
  const auto* name = json::find(*message, "method");
  if (name == nullptr || !name->is_string() || json::find_string(*message, "jsonrpc") != "2.0") {
    return std::unexpected(
        bad_request(invalid_request, "expected a request or a notification of JSON-RPC 2.0"));
  }
  Call call;
  if (const auto* id = json::find(*message, "id")) {
    if (!is_id(*id)) return std::unexpected(bad_request(invalid_request, "the id is none"));
    call.id = *id;
  }
  const std::string_view wanted = name->get_string();
  const auto method = find_method(wanted);
  const bool is_notification = method == Method::initialized;
  if (!method || is_notification != call.id.is_null()) {
    return std::unexpected(not_served(call.id, wanted, "the method"));
  }
  call.method = *method;
  const auto* params = json::find(*message, "params");
  auto refusal = take_params(call, tools, params == nullptr ? json::Value{} : *params);
  if (refusal) return std::unexpected(std::move(*refusal));
  return call;
}

std::string call_text(const Call& call, const json::Value& id) {
  json::Object message{{"jsonrpc", "2.0"}};
  if (!call.id.is_null()) message["id"] = id;
  message["method"] = method_name(call.method);
  if (!call.params.empty()) message["params"] = call.params;
  return json::serialize(message);
}

std::optional<json::Object> read_answer(std::string_view text, const json::Value& id) {
  auto message = json::parse_tolerant(text);
  if (!message || !message->is_object()) return std::nullopt;
  auto& object = message->get_object();
  const auto* answered = object.if_contains("id");
  if (answered == nullptr || *answered != id || object.contains("method")) return std::nullopt;
  const auto* result = object.if_contains("result");
  const auto* error = object.if_contains("error");
  const bool complete =
      (result != nullptr && result->is_object()) || (error != nullptr && error->is_object());
  if (!complete) return std::nullopt;
  return std::move(object);
}

std::string filter_answer(const Call& call, const ToolList& tools, const json::Object& answer,
                          std::span<const std::string> secrets) {
  json::Value content;
  const auto* error = answer.if_contains("error");
  const bool failed = error != nullptr && error->is_object();
  if (failed) {
    content = *error;
  } else {
    content = filter_result(call.method, tools, answer.at("result").as_object());
  }
  redact(content, secrets);
  const json::Object message{
      {"jsonrpc", "2.0"}, {"id", call.id}, {failed ? "error" : "result", std::move(content)}};
  return json::serialize(message);
}

std::string without_secrets(std::string text, std::span<const std::string> secrets) {
  constexpr std::string_view shown = "[redacted]";
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + shown.size())) {
      text.replace(at, secret.size(), shown);
    }
  }
  return text;
}

std::string error_text(const json::Value& id, int code, std::string_view message) {
  const json::Object error{{"code", code}, {"message", message}};
  return json::serialize(json::Object{{"jsonrpc", "2.0"}, {"id", id}, {"error", error}});
}

}  // namespace butler::mcp_host
