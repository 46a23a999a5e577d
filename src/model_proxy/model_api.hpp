#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The protocols of model providers, as far as the proxy has to know them: which requests belong to which,
/// and where each says what it has cost.
namespace butler::model_proxy {

enum class ModelApi : std::uint8_t {
  chat_completions,  ///< OpenAI's, and of most others: POST <base>/chat/completions
  responses,         ///< OpenAI's newer one: POST <base>/responses
  messages,          ///< Anthropic's: POST <base>/v1/messages
  generate_content,  ///< Google's: POST <base>/models/<model>:streamGenerateContent
  mistral,           ///< POST <base>/v1/chat/completions
};

/// The API of that name in pi's models.json ("openai-completions"); nullopt for one that the proxy does not
/// speak.
std::optional<ModelApi> parse_model_api(std::string_view pi_name);

/// True when `path`, below a provider's base address, is the one thing that the API is asked for.
bool is_request_path(ModelApi api, std::string_view path);

/// The model that a request is for: in its body, or with Google in its path. nullopt when it names none.
std::optional<std::string> requested_model(ModelApi api, std::string_view path, std::string_view body);

}  // namespace butler::model_proxy
