#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/types.hpp"
#include "model_proxy/upstream.hpp"

/// Whether a provider takes its key, without a prompt that would cost money: it is asked for the list of its
/// models, which providers only show to those who have a key.
namespace butler::model_proxy {

enum class KeyVerdict : std::uint8_t {
  accepted,
  refused,      ///< there is no key, or the provider says that it is wrong
  unreachable,  ///< no answer, or that of a server in trouble: later may do better
  undecided,    ///< the provider answers, and what it answers proves neither
};

struct KeyReport {
  KeyVerdict verdict = KeyVerdict::undecided;
  std::string reason = {};               ///< a sentence for people that never holds the key; "" when accepted
  std::vector<std::string> models = {};  ///< those the provider lists, in its order
};

enum class WithKey : bool { no, yes };

/// The request for the list, below the base of the upstream's first endpoint.
http::Request key_request(const Upstream& upstream, WithKey with_key);

/// What the answer says about the key. `without_key`: what somebody without one gets, where that was asked
/// for. Pure.
KeyReport judge_key(const Upstream& upstream, const http::Response& answer,
                    const std::optional<http::Response>& without_key);

/// Whether the list holds the model; nullopt when there is no list.
std::optional<bool> lists_model(const KeyReport& report, std::string_view model);

/// Asks the provider, at most twice: with the key, and, when that was good, without one, because a list that
/// everybody sees proves nothing.
boost::asio::awaitable<KeyReport> check_key(boost::asio::any_io_executor executor, Upstream upstream,
                                            std::chrono::milliseconds timeout);

}  // namespace butler::model_proxy
