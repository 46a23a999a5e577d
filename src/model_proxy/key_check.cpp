#include "model_proxy/key_check.hpp"

#include <algorithm>

#include "domain/utf8.hpp"
#include "http/client.hpp"
#include "json/value.hpp"

namespace butler::model_proxy {

namespace {

constexpr std::size_t longest_quotation = 200;
constexpr const char* anthropic_version = "2023-06-01";

struct KeyQuestion {
  std::string target;
  http::Headers headers;  ///< with a stand-in where the key belongs
};

KeyQuestion question_for(const Endpoint& endpoint) {
  const std::string bearer = "Bearer key";
  // Its list of models is public, and this is free too.
  if (endpoint.base.host == "openrouter.ai")
    return {.target = "/key", .headers = {{"authorization", bearer}}};
  if (endpoint.base.host.ends_with(".azure.com"))
    return {.target = "/models", .headers = {{"api-key", "key"}}};
  switch (endpoint.api) {
    case ModelApi::chat_completions:
    case ModelApi::responses: return {.target = "/models", .headers = {{"authorization", bearer}}};
    case ModelApi::mistral: return {.target = "/v1/models", .headers = {{"authorization", bearer}}};
    case ModelApi::messages:
      return {.target = "/v1/models?limit=1000",
              .headers = {{"x-api-key", "key"}, {"anthropic-version", anthropic_version}}};
    case ModelApi::generate_content:
      return {.target = "/models?pageSize=1000", .headers = {{"x-goog-api-key", "key"}}};
  }
  return {};
}

/// The provider's own words: one line, without the key.
std::string quote_error(const http::Response& answer, const std::string& key) {
  const auto parsed = json::parse_tolerant(answer.body);
  if (!parsed) return "";
  const json::Value* const error = json::find(*parsed, "error");
  std::string text{error == nullptr     ? json::find_string(*parsed, "message")
                   : error->is_string() ? std::string_view{error->get_string()}
                                        : json::find_string(*error, "message")};
  for (auto at = text.find(key); !key.empty() && at != std::string::npos; at = text.find(key))
    text.replace(at, key.size(), "…");
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return domain::shorten(domain::to_valid_utf8(text), longest_quotation);
}

std::string describe_answer(const http::Response& answer, const std::string& key) {
  std::string text = "it answered " + std::to_string(answer.status);
  if (const auto reason = http::reason_phrase(answer.status); !reason.empty())
    text += " " + std::string{reason};
  if (const auto words = quote_error(answer, key); !words.empty()) text += ": " + words;
  return text;
}

/// Google answers 400 to a wrong key.
bool says_wrong_key(const http::Response& answer) {
  return answer.status == 401 || answer.status == 403 ||
         (answer.status == 400 && answer.body.find("API_KEY_INVALID") != std::string::npos);
}

/// OpenAI and most others: {"data": [{"id"}]}; Google: {"models": [{"name": "models/…"}]}.
std::vector<std::string> read_model_list(const http::Response& answer) {
  const auto parsed = json::parse_tolerant(answer.body);
  if (!parsed) return {};
  const json::Value* list = json::find(*parsed, "data");
  if (list == nullptr) list = json::find(*parsed, "models");
  if (list == nullptr || !list->is_array()) return {};
  std::vector<std::string> models;
  for (const json::Value& entry : list->get_array()) {
    std::string_view id = json::find_string(entry, "id");
    if (id.empty()) id = json::find_string(entry, "name");
    if (id.starts_with("models/")) id.remove_prefix(7);
    if (!id.empty()) models.emplace_back(id);
  }
  return models;
}

KeyReport not_reached(const Upstream& upstream, const http::ClientError& error) {
  return {.verdict = KeyVerdict::unreachable,
          .reason = "the provider at " + upstream.endpoints.front().base.host +
                    " cannot be reached: " + error.message};
}

}  // namespace

http::Request key_request(const Upstream& upstream, WithKey with_key) {
  const KeyQuestion question = question_for(upstream.endpoints.front());
  http::Request request{.head = {.method = "GET", .target = question.target}};
  if (with_key == WithKey::yes) {
    request.head.headers = upstream_headers(question.headers, upstream);
  } else if (const auto version = question.headers.find("anthropic-version")) {
    request.head.headers.add("anthropic-version", std::string{*version});
  }
  request.head.headers.add("accept", "application/json");
  return request;
}

KeyReport judge_key(const Upstream& upstream, const http::Response& answer,
                    const std::optional<http::Response>& without_key) {
  if (says_wrong_key(answer)) {
    return {.verdict = KeyVerdict::refused,
            .reason = "the provider refuses the key: " + describe_answer(answer, upstream.key)};
  }
  if (answer.status >= 500) {
    return {.verdict = KeyVerdict::unreachable,
            .reason = "the provider is in trouble: " + describe_answer(answer, upstream.key)};
  }
  if (answer.status != 200) {
    return {.reason = "the provider does not say whether it takes the key: " +
                      describe_answer(answer, upstream.key)};
  }
  KeyReport report{.verdict = KeyVerdict::accepted, .models = read_model_list(answer)};
  if (without_key && without_key->status == 200) {
    report.verdict = KeyVerdict::undecided;
    report.reason =
        "the provider answers, but it would answer the same without a key: the first task will show";
  }
  return report;
}

std::optional<bool> lists_model(const KeyReport& report, std::string_view model) {
  if (report.models.empty()) return std::nullopt;
  return std::ranges::find(report.models, model) != report.models.end();
}

boost::asio::awaitable<KeyReport> check_key(boost::asio::any_io_executor executor, Upstream upstream,
                                            std::chrono::milliseconds timeout) {
  if (upstream.key.empty() && upstream.headers.empty())
    co_return KeyReport{.verdict = KeyVerdict::refused, .reason = "there is no key"};
  http::Client client{executor, upstream.endpoints.front().base};
  auto asking = key_request(upstream, WithKey::yes);
  const auto answer = co_await client.send(std::move(asking), timeout);
  if (!answer) co_return not_reached(upstream, answer.error());
  std::optional<http::Response> without_key;
  if (answer->status == 200) {
    auto asking_without = key_request(upstream, WithKey::no);
    auto other = co_await client.send(std::move(asking_without), timeout);
    if (!other) co_return not_reached(upstream, other.error());
    without_key = std::move(*other);
  }
  co_return judge_key(upstream, *answer, without_key);
}

}  // namespace butler::model_proxy
