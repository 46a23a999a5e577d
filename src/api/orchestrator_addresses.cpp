#include "api/orchestrator_addresses.hpp"

#include <algorithm>
#include <utility>

namespace butler::api {

namespace asio = boost::asio;

namespace {

constexpr int unavailable = 503;

bool was_not_sent(const http::ClientError& error) {
  return error.outcome == http::ClientError::Outcome::not_sent;
}

/// A source that was read in part cannot be sent again.
bool is_sent_once(const http::Request& request) { return request.source != nullptr; }

}  // namespace

OrchestratorAddresses::OrchestratorAddresses(const asio::any_io_executor& executor,
                                             std::vector<http::Url> bases, http::ClientOptions options,
                                             const http::Authorities& authorities) {
  clients_.reserve(bases.size());
  for (auto& base : bases) clients_.emplace_back(executor, std::move(base), options, authorities);
}

/// Unless another call has noticed it before.
void OrchestratorAddresses::turn_from(std::size_t used) {
  if (current_ == used) current_ = (used + 1) % clients_.size();
}

void OrchestratorAddresses::turn_from(std::size_t used, const http::ClientError& error) {
  turn_from(used);
  if (error.timed_out) clients_[used].end_waiting();
}

asio::awaitable<std::expected<http::Response, http::ClientError>> OrchestratorAddresses::send(
    http::Request request, std::chrono::milliseconds timeout) {
  if (clients_.size() == 1) co_return co_await clients_.front().send(std::move(request), timeout);
  for (std::size_t tried = 1;; ++tried) {
    const auto used = current_;
    const bool last = tried >= clients_.size() || is_sent_once(request);
    auto response = co_await clients_[used].send(request, timeout);
    if (response && response->status != unavailable) co_return response;
    response ? turn_from(used) : turn_from(used, response.error());
    if (last || response || !was_not_sent(response.error())) co_return response;
  }
}

asio::awaitable<std::expected<http::ResponseStream, http::ClientError>> OrchestratorAddresses::open(
    http::Request request, std::chrono::milliseconds timeout) {
  if (clients_.size() == 1) co_return co_await clients_.front().open(std::move(request), timeout);
  for (std::size_t tried = 1;; ++tried) {
    const auto used = current_;
    const bool last = tried >= clients_.size() || is_sent_once(request);
    auto stream = co_await clients_[used].open(request, timeout);
    if (stream && stream->head().status != unavailable) co_return stream;
    turn_from(used);
    if (last || stream || !was_not_sent(stream.error())) co_return stream;
  }
}

std::optional<std::vector<http::Url>> parse_addresses(std::string_view list) {
  std::vector<http::Url> addresses;
  while (!list.empty()) {
    auto one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto address = http::Url::parse(one);
    if (!address) return std::nullopt;
    addresses.push_back(*std::move(address));
  }
  if (addresses.empty()) return std::nullopt;
  return addresses;
}

}  // namespace butler::api
