#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/types.hpp"
#include "model_proxy/model_api.hpp"
#include "model_proxy/price.hpp"

namespace butler::model_proxy {

/// One address of a provider, and the only thing that is asked there.
struct Endpoint {
  ModelApi api = ModelApi::chat_completions;
  http::Url base = {};
};

/// The provider that requests go to, with what the agent must not know. Nothing is ever sent elsewhere.
struct Upstream {
  std::vector<Endpoint> endpoints = {};
  std::string key = {};                                           ///< of the provider: a secret
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< added to each request; may be secret
  std::optional<std::string> model = {};  ///< the only one that may be asked; unset: any
  PriceList prices = {};
};

/// Where the proxy serves the provider: the name and path of its first address, "/llm/api.openai.com/v1". The
/// name is in the path because pi knows some providers by it.
std::string local_path(const Upstream& upstream);

/// Where a request goes.
struct Route {
  std::size_t endpoint = 0;  ///< index into Upstream::endpoints
  std::string path = {};     ///< below the endpoint's base
};

/// nullopt for a path that is nothing of this provider's.
std::optional<Route> find_route(const Upstream& upstream, std::string_view path);

/// The token that a request presents, in whichever header its API has for keys; "" for none.
std::string_view presented_token(const http::Headers& headers);

/// The request's fields as they go to the provider: the key in the place of the token, the provider's own
/// added; without what belongs to the connection (RFC 9110, § 7.6.1), cookies, and other credentials. The
/// answer is asked for uncompressed, because its figures have to be read.
http::Headers upstream_headers(const http::Headers& received, const Upstream& upstream);

/// The answer's fields as they go back to the agent.
http::Headers downstream_headers(const http::Headers& received);

}  // namespace butler::model_proxy
