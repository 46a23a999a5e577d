#include "worker/service_token.hpp"

#include <strings.h>

#include <string_view>

#include "model_proxy/token.hpp"
#include "process/role.hpp"
#include "worker/base64.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::string_view proxy_user = "job";
constexpr std::string_view basic_scheme = "basic ";
constexpr std::string_view mcp_prefix = "/mcp/";
constexpr std::string_view files_prefix = "/files/";

}  // namespace

ServiceToken::ServiceToken()
    : token_(process::random_hex(token_bytes)),
      credentials_(to_base64(std::string{proxy_user} + ":" + token_)) {}

std::vector<std::string> ServiceToken::way_out(std::uint16_t port) const {
  const std::string host = "127.0.0.1:" + std::to_string(port);
  const std::string proxy = "http://" + std::string{proxy_user} + ":" + token_ + "@" + host;
  const std::string direct = "127.0.0.1,localhost,::1";
  // Both spellings are in use; node looks at neither unless it is told to. A path, because fetch() takes no
  // address with a user in it.
  return {"HTTP_PROXY=" + proxy,
          "HTTPS_PROXY=" + proxy,
          "http_proxy=" + proxy,
          "https_proxy=" + proxy,
          "NO_PROXY=" + direct,
          "no_proxy=" + direct,
          "NODE_USE_ENV_PROXY=1",
          "BUTLER_MCP_URL=http://" + host + std::string{mcp_prefix} + token_,
          "BUTLER_FILES_URL=http://" + host + std::string{files_prefix} + token_};
}

bool ServiceToken::is_in_proxy_authorization(const http::RequestHead& head) const {
  std::string_view value = head.headers.find("proxy-authorization").value_or("");
  if (value.size() < basic_scheme.size() ||
      ::strncasecmp(value.data(), basic_scheme.data(), basic_scheme.size()) != 0)
    return false;
  value.remove_prefix(basic_scheme.size());
  return model_proxy::same_token(value, credentials_);
}

bool ServiceToken::is_for_mcp(const http::RequestHead& head) { return head.path().starts_with(mcp_prefix); }

std::optional<std::string> ServiceToken::mcp_target(const http::RequestHead& head) const {
  auto rest = behind_token(head, mcp_prefix);
  if (rest) rest->insert(0, mcp_prefix);
  return rest;
}

bool ServiceToken::is_for_files(const http::RequestHead& head) {
  return head.path().starts_with(files_prefix);
}

std::optional<std::string> ServiceToken::file_name(const http::RequestHead& head) const {
  return behind_token(head, files_prefix);
}

std::optional<std::string> ServiceToken::behind_token(const http::RequestHead& head,
                                                      std::string_view prefix) const {
  const std::string_view rest = std::string_view{head.target}.substr(prefix.size());
  const auto end = rest.find('/');
  if (end == std::string_view::npos || !model_proxy::same_token(rest.substr(0, end), token_))
    return std::nullopt;
  return std::string{rest.substr(end + 1)};
}

}  // namespace butler::worker
