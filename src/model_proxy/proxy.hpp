#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "model_proxy/budget.hpp"
#include "model_proxy/ledger.hpp"
#include "model_proxy/upstream.hpp"

/// Stands between agents and the provider of their model, so that no agent has the provider's key.
namespace butler::model_proxy {

struct ProxyOptions {
  Budgets budgets = {};
  std::size_t request_limit = std::size_t{48} * 1024 * 1024;  ///< bytes of a request's body
  std::size_t requests_at_once = 8;                           ///< of one token
  std::chrono::milliseconds answer_timeout{600'000};          ///< until the answer begins
  std::chrono::milliseconds silence_timeout{600'000};         ///< between two pieces of it
};

/// One agent process's right to ask the model, by a random token that is worth nothing elsewhere. It is
/// served only between begin() and end().
class Grant {
 public:
  ~Grant();
  Grant(const Grant&) = delete;
  Grant& operator=(const Grant&) = delete;

  const std::string& token() const;
  /// True when the request presents this grant's token.
  bool is_presented_by(const http::RequestHead& head) const;

  /// From now on requests are served, and counted for this job.
  void begin(std::string job);
  /// No further request is served; those under way go on.
  void hold();
  /// No request is served any more, and those under way are cut off.
  void end();

  /// Why a budget has refused a request since begin(), as a sentence for the person who asked.
  const std::optional<std::string>& refusal() const;

 private:
  friend class ModelProxy;
  struct State;
  using Grants = std::map<std::string, std::shared_ptr<State>, std::less<>>;

  Grant(std::shared_ptr<Grants> grants, std::string token);

  std::shared_ptr<Grants> grants_;
  std::string token_;
  std::shared_ptr<State> state_;
};

/// The answer to a request whose token is none, or none now.
http::Response wrong_token();

/// What the proxy has done since its start.
struct Traffic {
  std::uint64_t requests = 0;   ///< that the provider has answered with success
  std::uint64_t refused = 0;    ///< by a budget
  std::uint64_t errors = 0;     ///< answered with an error, or not at all, by the provider
  std::uint64_t estimated = 0;  ///< answered without all figures
};

/// The application of a server that agents are pointed at. A request with a valid token goes to the one
/// provider, with the key in the token's place; the answer is passed on piece by piece as it comes, and read
/// on the way for what it has cost. Whatever the provider answers, errors too, is the agent's to see. One
/// thread.
class ModelProxy final : public http::Application {
 public:
  /// The ledger outlives the proxy.
  ModelProxy(boost::asio::any_io_executor executor, Upstream upstream, Ledger& ledger, ProxyOptions options);
  ~ModelProxy() override;

  /// A new token, not yet in use. The grant may outlive the proxy.
  std::unique_ptr<Grant> grant();

  /// Where agents find it on a listener: see local_path().
  std::string path() const { return local_path(upstream_); }
  const Traffic& traffic() const { return traffic_; }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override;
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override;

 private:
  struct Passage;

  std::shared_ptr<Grant::State> find_grant(const http::RequestHead& head) const;
  std::optional<http::Response> refuse(Passage& passage);
  boost::asio::awaitable<void> carry(Passage& passage, http::Exchange& exchange);
  boost::asio::awaitable<void> pass_on(Passage& passage, http::Exchange& exchange);
  boost::asio::awaitable<void> pass_error(Passage& passage, http::ResponseStream& answer,
                                          http::Exchange& exchange);
  boost::asio::awaitable<void> pass_body(Passage& passage, http::ResponseStream& answer,
                                         http::Exchange& exchange);
  static void watch(Passage& passage, http::Exchange& exchange);
  void charge(Passage& passage);

  boost::asio::any_io_executor executor_;
  Upstream upstream_;
  Ledger& ledger_;
  ProxyOptions options_;
  std::vector<http::Client> clients_;  ///< one for each endpoint
  std::shared_ptr<Grant::Grants> grants_;
  Traffic traffic_;
};

}  // namespace butler::model_proxy
