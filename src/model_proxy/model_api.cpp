#include "model_proxy/model_api.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "json/value.hpp"

namespace butler::model_proxy {

namespace {

constexpr std::string_view models_path = "/models/";
constexpr std::size_t longest_model = 256;

bool is_model_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._"}.find(c) != std::string_view::npos;
}

/// The <model> of /models/<model>:generateContent and :streamGenerateContent; nullopt for any other path.
std::optional<std::string_view> model_in_path(std::string_view path) {
  if (!path.starts_with(models_path)) return std::nullopt;
  path.remove_prefix(models_path.size());
  const auto colon = path.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto model = path.substr(0, colon);
  const auto method = path.substr(colon + 1);
  const bool known = method == "streamGenerateContent" || method == "generateContent";
  const bool plain = !model.empty() && model.size() <= longest_model && !model.starts_with('.') &&
                     std::ranges::all_of(model, is_model_character);
  return known && plain ? std::optional{model} : std::nullopt;
}

}  // namespace

std::optional<ModelApi> parse_model_api(std::string_view pi_name) {
  static constexpr std::array names{
      std::pair{std::string_view{"openai-completions"}, ModelApi::chat_completions},
      std::pair{std::string_view{"openai-responses"}, ModelApi::responses},
      std::pair{std::string_view{"azure-openai-responses"}, ModelApi::responses},
      std::pair{std::string_view{"anthropic-messages"}, ModelApi::messages},
      std::pair{std::string_view{"google-generative-ai"}, ModelApi::generate_content},
      std::pair{std::string_view{"mistral-conversations"}, ModelApi::mistral},
  };
  const auto* const found = std::ranges::find(names, pi_name, &std::pair<std::string_view, ModelApi>::first);
  return found == names.end() ? std::nullopt : std::optional{found->second};
}

bool is_request_path(ModelApi api, std::string_view path) {
  switch (api) {
    case ModelApi::chat_completions: return path == "/chat/completions";
    case ModelApi::responses: return path == "/responses";
    case ModelApi::messages: return path == "/v1/messages";
    case ModelApi::mistral: return path == "/v1/chat/completions";
    case ModelApi::generate_content: return model_in_path(path).has_value();
  }
  return false;
}

std::optional<std::string> requested_model(ModelApi api, std::string_view path, std::string_view body) {
  if (api == ModelApi::generate_content) {
    const auto model = model_in_path(path);
    return model ? std::optional<std::string>{*model} : std::nullopt;
  }
  const auto parsed = json::parse_tolerant(body);
  if (!parsed) return std::nullopt;
  const auto model = json::find_string(*parsed, "model");
  return model.empty() ? std::nullopt : std::optional<std::string>{model};
}

}  // namespace butler::model_proxy
