#include "worker/trial_model.hpp"

#include <utility>

#include "json/value.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t longest_trial_request = std::size_t{16} << 20U;

json::Object usage_of_trial() {
  return {{"prompt_tokens", 1}, {"completion_tokens", 1}, {"total_tokens", 2}};
}

std::string stream_chunk(json::Object more) {
  json::Object body{
      {"id", "trial"}, {"object", "chat.completion.chunk"}, {"created", 1}, {"model", TrialModel::model}};
  for (const auto& member : more) body[member.key()] = member.value();
  return "data: " + json::serialize(body) + "\n\n";
}

json::Object choice_of(json::Object delta, json::Value finish_reason) {
  json::Object choice{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  return {{"choices", json::Array{std::move(choice)}}};
}

http::Response stream_of(json::Object delta, std::string_view reason) {
  return {.status = 200,
          .headers = {{"content-type", "text/event-stream"}},
          .body = stream_chunk(choice_of(std::move(delta), json::Value{})) +
                  stream_chunk(choice_of({}, json::Value(reason))) +
                  stream_chunk({{"choices", json::Array{}}, {"usage", usage_of_trial()}}) +
                  "data: [DONE]\n\n"};
}

json::Object shell_call() {
  const std::string command = std::string{"echo 'it works' > "} + TrialModel::proof_file;
  const json::Object arguments{{"command", command}};
  const json::Object function{{"name", "bash"}, {"arguments", json::serialize(arguments)}};
  const json::Object call{{"index", 0}, {"id", "call_1"}, {"type", "function"}, {"function", function}};
  return {{"tool_calls", json::Array{call}}};
}

bool ends_with_tool_result(const json::Value& body) {
  const auto* const messages = json::find(body, "messages");
  if (messages == nullptr || !messages->is_array() || messages->get_array().empty()) return false;
  return json::find_string(messages->get_array().back(), "role") == "tool";
}

}  // namespace

std::string TrialModel::models_json(std::uint16_t port) {
  const json::Object cost{{"input", 0}, {"output", 0}, {"cacheRead", 0}, {"cacheWrite", 0}};
  const json::Object entry{{"baseUrl", "http://127.0.0.1:" + std::to_string(port) + "/v1"},
                           {"api", "openai-completions"},
                           {"apiKey", std::string{"$"} + key_variable},
                           {"models", json::Array{json::Object{{"id", model}, {"cost", cost}}}}};
  const json::Object providers{{provider, entry}};
  return json::serialize(json::Object{{"providers", providers}});
}

std::variant<http::Response, http::BodyLimit> TrialModel::admit(const http::RequestHead&) {
  return http::BodyLimit{longest_trial_request};
}

boost::asio::awaitable<void> TrialModel::serve(http::Request request, http::Exchange& exchange) {
  ++requests_;
  const auto body = json::parse(request.body);
  const bool over = body && ends_with_tool_result(*body);
  auto response = over ? stream_of({{"content", answer}}, "stop") : stream_of(shell_call(), "tool_calls");
  co_await exchange.send(std::move(response));
}

}  // namespace butler::worker
