#include "worker/provider_endpoints.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace butler::worker {

using model_proxy::Endpoint;
using model_proxy::ModelApi;

namespace {

struct Address {
  std::string_view provider;
  ModelApi api;
  std::string_view base;  ///< {NAME} stands for the variable's value
};

constexpr auto chat = ModelApi::chat_completions;
constexpr auto responses = ModelApi::responses;
constexpr auto messages = ModelApi::messages;

constexpr auto addresses = std::to_array<Address>({
    {"anthropic", messages, "https://api.anthropic.com"},
    {"openai", responses, "https://api.openai.com/v1"},
    {"google", ModelApi::generate_content, "https://generativelanguage.googleapis.com/v1beta"},
    {"openrouter", chat, "https://openrouter.ai/api/v1"},
    {"openrouter", messages, "https://openrouter.ai/api"},
    {"mistral", ModelApi::mistral, "https://api.mistral.ai"},
    {"groq", chat, "https://api.groq.com/openai/v1"},
    {"deepseek", chat, "https://api.deepseek.com"},
    {"xai", responses, "https://api.x.ai/v1"},
    {"cerebras", chat, "https://api.cerebras.ai/v1"},
    {"github-copilot", chat, "https://api.individual.githubcopilot.com"},
    {"github-copilot", responses, "https://api.individual.githubcopilot.com"},
    {"github-copilot", messages, "https://api.individual.githubcopilot.com"},
    {"cloudflare-ai-gateway", messages,
     "https://gateway.ai.cloudflare.com/v1/{CLOUDFLARE_ACCOUNT_ID}/{CLOUDFLARE_GATEWAY_ID}/anthropic"},
    {"cloudflare-ai-gateway", chat,
     "https://gateway.ai.cloudflare.com/v1/{CLOUDFLARE_ACCOUNT_ID}/{CLOUDFLARE_GATEWAY_ID}/compat"},
    {"cloudflare-ai-gateway", responses,
     "https://gateway.ai.cloudflare.com/v1/{CLOUDFLARE_ACCOUNT_ID}/{CLOUDFLARE_GATEWAY_ID}/openai"},
    {"cloudflare-workers-ai", chat,
     "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1"},
    {"vercel-ai-gateway", messages, "https://ai-gateway.vercel.sh"},
    {"huggingface", chat, "https://router.huggingface.co/v1"},
    {"fireworks", chat, "https://api.fireworks.ai/inference/v1"},
    {"fireworks", messages, "https://api.fireworks.ai/inference"},
    {"together", chat, "https://api.together.ai/v1"},
    {"baseten", chat, "https://inference.baseten.co/v1"},
    {"nvidia", chat, "https://integrate.api.nvidia.com/v1"},
    {"ant-ling", chat, "https://api.ant-ling.com/v1"},
    {"opencode", chat, "https://opencode.ai/zen/v1"},
    {"opencode", responses, "https://opencode.ai/zen/v1"},
    {"opencode", ModelApi::generate_content, "https://opencode.ai/zen/v1"},
    {"opencode", messages, "https://opencode.ai/zen"},
    {"opencode-go", chat, "https://opencode.ai/zen/go/v1"},
    {"opencode-go", responses, "https://opencode.ai/zen/go/v1"},
    {"opencode-go", messages, "https://opencode.ai/zen/go"},
    {"kimi-coding", messages, "https://api.kimi.com/coding"},
    {"meta", responses, "https://api.meta.ai/v1"},
    {"minimax", messages, "https://api.minimax.io/anthropic"},
    {"minimax-cn", messages, "https://api.minimaxi.com/anthropic"},
    {"moonshotai", chat, "https://api.moonshot.ai/v1"},
    {"moonshotai-cn", chat, "https://api.moonshot.cn/v1"},
    {"zai", chat, "https://api.z.ai/api/coding/paas/v4"},
    {"zai-coding-cn", chat, "https://open.bigmodel.cn/api/coding/paas/v4"},
    {"qwen-token-plan", chat, "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"},
    {"qwen-token-plan-individual", chat,
     "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"},
    {"qwen-token-plan-cn", chat, "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"},
    {"xiaomi", chat, "https://api.xiaomimimo.com/v1"},
    {"xiaomi-token-plan-cn", chat, "https://token-plan-cn.xiaomimimo.com/v1"},
    {"xiaomi-token-plan-ams", chat, "https://token-plan-ams.xiaomimimo.com/v1"},
    {"xiaomi-token-plan-sgp", chat, "https://token-plan-sgp.xiaomimimo.com/v1"},
});

/// The address with its variables put in; the error says which one is not set.
std::expected<std::string, std::string> fill_in(std::string_view base, const VariableOf& variable) {
  std::string address{base};
  for (auto open = address.find('{'); open != std::string::npos; open = address.find('{')) {
    const auto close = address.find('}', open);
    const std::string name = address.substr(open + 1, close - open - 1);
    const std::string value = variable(name);
    if (value.empty()) return std::unexpected(name + " is not set");
    address.replace(open, close - open + 1, http::percent_encode(value));
  }
  return address;
}

/// Azure's address is the resource's own. pi takes its bare name for the newer path, and so do we.
std::expected<std::string, std::string> azure_address(const VariableOf& variable) {
  std::string address = variable("AZURE_OPENAI_BASE_URL");
  const std::string resource = variable("AZURE_OPENAI_RESOURCE_NAME");
  if (address.empty() && resource.empty()) {
    return std::unexpected(
        std::string{"neither AZURE_OPENAI_BASE_URL nor AZURE_OPENAI_RESOURCE_NAME is set"});
  }
  if (address.empty()) address = "https://" + http::percent_encode(resource) + ".openai.azure.com";
  while (address.ends_with('/')) address.pop_back();
  if (address.ends_with(".azure.com")) address += "/openai";
  if (address.ends_with(".azure.com/openai")) address += "/v1";
  return address;
}

std::expected<Endpoint, std::string> make_endpoint(ModelApi api, const std::string& address) {
  auto url = http::Url::parse(address);
  if (!url) return std::unexpected(address + " is no http(s) address");
  return Endpoint{.api = api, .base = std::move(*url)};
}

}  // namespace

std::expected<std::vector<Endpoint>, std::string> provider_endpoints(std::string_view provider,
                                                                     const VariableOf& variable) {
  std::vector<Endpoint> endpoints;
  if (provider == "azure-openai-responses") {
    const auto address = azure_address(variable);
    if (!address) return std::unexpected(address.error());
    auto endpoint = make_endpoint(ModelApi::responses, *address);
    if (!endpoint) return std::unexpected(endpoint.error());
    endpoints.push_back(std::move(*endpoint));
  }
  for (const Address& one : addresses) {
    if (one.provider != provider) continue;
    const auto address = fill_in(one.base, variable);
    if (!address) return std::unexpected(address.error());
    auto endpoint = make_endpoint(one.api, *address);
    if (!endpoint) return std::unexpected(endpoint.error());
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

}  // namespace butler::worker
