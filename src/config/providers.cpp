#include "config/providers.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "json/value.hpp"

namespace butler::config {

namespace {

template <std::size_t length>
struct Text {
  // Implicit, so that a string literal can be a template argument.
  constexpr Text(const char (&text)[length]) { std::copy_n(text, length, characters); }  // NOLINT
  char characters[length];
};

/// One array a list of names, for the lifetime of the program.
template <Text... names>
constexpr std::array<std::string_view, sizeof...(names)> names_of{std::string_view{names.characters}...};

constexpr auto provider_table = std::to_array<Provider>({
    {"anthropic", names_of<"ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN">, {}},
    {"openai", names_of<"OPENAI_API_KEY">, {}},
    {"google", names_of<"GEMINI_API_KEY">, {}},
    {"openrouter", names_of<"OPENROUTER_API_KEY">, {}},
    {"mistral", names_of<"MISTRAL_API_KEY">, {}},
    {"groq", names_of<"GROQ_API_KEY">, {}},
    {"deepseek", names_of<"DEEPSEEK_API_KEY">, {}},
    {"xai", names_of<"XAI_API_KEY">, {}},
    {"cerebras", names_of<"CEREBRAS_API_KEY">, {}},
    {"github-copilot", names_of<"COPILOT_GITHUB_TOKEN">, {}},
    {"amazon-bedrock",
     names_of<"AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
              "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI">,
     names_of<"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
              "AWS_ROLE_ARN">,
     "its requests are signed with the AWS keys, so the agent would have to hold them; OpenRouter and the "
     "Vercel AI gateway offer the same models"},
    {"azure-openai-responses", names_of<"AZURE_OPENAI_API_KEY">,
     names_of<"AZURE_OPENAI_BASE_URL", "AZURE_OPENAI_RESOURCE_NAME", "AZURE_OPENAI_API_VERSION",
              "AZURE_OPENAI_DEPLOYMENT_NAME_MAP">},
    {"google-vertex", names_of<"GOOGLE_CLOUD_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS">,
     names_of<"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION">,
     "it signs in with Google Cloud credentials, so the agent would have to hold them; PI_PROVIDER=google "
     "takes a Gemini API key"},
    {"cloudflare-ai-gateway", names_of<"CLOUDFLARE_API_KEY">,
     names_of<"CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID">},
    {"cloudflare-workers-ai", names_of<"CLOUDFLARE_API_KEY">, names_of<"CLOUDFLARE_ACCOUNT_ID">},
    {"vercel-ai-gateway", names_of<"AI_GATEWAY_API_KEY">, {}},
    {"huggingface", names_of<"HF_TOKEN">, {}},
    {"fireworks", names_of<"FIREWORKS_API_KEY">, {}},
    {"together", names_of<"TOGETHER_API_KEY">, {}},
    {"baseten", names_of<"BASETEN_API_KEY">, {}},
    {"nvidia", names_of<"NVIDIA_API_KEY">, {}},
    {"ant-ling", names_of<"ANT_LING_API_KEY">, {}},
    {"radius",
     names_of<"RADIUS_API_KEY">,
     {},
     "it speaks a protocol of its own that the model proxy does not know"},
    {"opencode", names_of<"OPENCODE_API_KEY">, {}},
    {"opencode-go", names_of<"OPENCODE_API_KEY">, {}},
    {"kimi-coding", names_of<"KIMI_API_KEY">, {}},
    {"meta", names_of<"META_API_KEY">, {}},
    {"minimax", names_of<"MINIMAX_API_KEY">, {}},
    {"minimax-cn", names_of<"MINIMAX_CN_API_KEY">, {}},
    {"moonshotai", names_of<"MOONSHOT_API_KEY">, {}},
    {"moonshotai-cn", names_of<"MOONSHOT_API_KEY">, {}},
    {"zai", names_of<"ZAI_API_KEY">, {}},
    {"zai-coding-cn", names_of<"ZAI_CODING_CN_API_KEY">, {}},
    {"qwen-token-plan", names_of<"QWEN_TOKEN_PLAN_API_KEY">, {}},
    {"qwen-token-plan-individual", names_of<"QWEN_TOKEN_PLAN_API_KEY">, {}},
    {"qwen-token-plan-cn", names_of<"QWEN_TOKEN_PLAN_CN_API_KEY">, {}},
    {"xiaomi", names_of<"XIAOMI_API_KEY">, {}},
    {"xiaomi-token-plan-cn", names_of<"XIAOMI_TOKEN_PLAN_CN_API_KEY">, {}},
    {"xiaomi-token-plan-ams", names_of<"XIAOMI_TOKEN_PLAN_AMS_API_KEY">, {}},
    {"xiaomi-token-plan-sgp", names_of<"XIAOMI_TOKEN_PLAN_SGP_API_KEY">, {}},
});

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// The NAME of every $NAME and ${NAME} in a text.
void collect_names(std::string_view text, std::set<std::string>& names) {
  for (auto dollar = text.find('$'); dollar != std::string_view::npos; dollar = text.find('$', dollar + 1)) {
    auto rest = text.substr(dollar + 1);
    const bool braces = rest.starts_with('{');
    if (braces) rest.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest.size() && is_name_character(rest[length])) ++length;
    const bool closed = !braces || (length < rest.size() && rest[length] == '}');
    if (length > 0 && closed) names.emplace(rest.substr(0, length));
  }
}

}  // namespace

std::span<const Provider> providers() { return provider_table; }

const Provider* find_provider(std::string_view name) {
  const auto* const found = std::ranges::find(provider_table, name, &Provider::name);
  return found == provider_table.end() ? nullptr : found;
}

std::vector<std::string> find_models_json_variables(std::string_view models_json, std::string_view provider) {
  std::set<std::string> names;
  const auto parsed = json::parse(models_json);
  if (!parsed) return {};
  const json::Value* const all = json::find(*parsed, "providers");
  const json::Value* const entry = all == nullptr ? nullptr : json::find(*all, provider);
  if (entry == nullptr) return {};
  collect_names(json::find_string(*entry, "apiKey"), names);
  const json::Value* const headers = json::find(*entry, "headers");
  if (headers != nullptr && headers->is_object()) {
    for (const auto& header : headers->get_object()) {
      if (header.value().is_string()) collect_names(header.value().get_string(), names);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace butler::config
