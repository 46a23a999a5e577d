#include "model_proxy/proxy.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <stdexcept>
#include <utility>

#include "async/join.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "model_proxy/token.hpp"
#include "model_proxy/token_usage.hpp"

namespace butler::model_proxy {

namespace asio = boost::asio;

namespace {

constexpr std::size_t error_limit = std::size_t{256} * 1024;
constexpr std::size_t provider_answer_limit = std::size_t{256} * 1024 * 1024;

/// An answer of the proxy's own, in the shape that providers' libraries read; they are told not to try again.
http::Response own_answer(int status, std::string_view type, std::string_view message) {
  const json::Object error{{"message", message}, {"type", type}};
  const json::Object body{{"type", "error"}, {"error", error}};
  return {.status = status,
          .headers = {{"content-type", "application/json"}, {"x-should-retry", "false"}},
          .body = json::serialize(body)};
}

UsageReader make_reader(ModelApi api, const http::Response& head) {
  const auto type = head.headers.find("content-type").value_or("");
  const bool events = type.starts_with("text/event-stream");
  return UsageReader(api, events ? UsageReader::Form::events : UsageReader::Form::document);
}

bool is_success(int status) { return status >= 200 && status < 300; }

std::string without(std::string text, std::string_view secret) {
  constexpr std::string_view shown = "[redacted]";
  if (secret.empty()) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + shown.size())) {
    text.replace(at, secret.size(), shown);
  }
  return text;
}

}  // namespace

http::Response wrong_token() {
  return own_answer(401, "authentication_error", "this token is only valid while a job of its session runs");
}

struct Grant::State {
  std::string job;    ///< whom requests are counted for
  bool open = false;  ///< requests are served
  std::optional<std::string> refusal;
  std::list<async::TaskGroup*> under_way;
};

Grant::Grant(std::shared_ptr<Grants> grants, std::string token)
    : grants_(std::move(grants)), token_(std::move(token)), state_(std::make_shared<State>()) {
  grants_->emplace(token_, state_);
}

Grant::~Grant() {
  end();
  grants_->erase(token_);
}

const std::string& Grant::token() const { return token_; }

bool Grant::is_presented_by(const http::RequestHead& head) const {
  return same_token(token_, presented_token(head.headers));
}

void Grant::begin(std::string job) {
  state_->job = std::move(job);
  state_->open = true;
  state_->refusal.reset();
}

void Grant::hold() { state_->open = false; }

void Grant::end() {
  hold();
  for (async::TaskGroup* const request : state_->under_way) request->cancel();
}

const std::optional<std::string>& Grant::refusal() const { return state_->refusal; }

/// One request on its way to the provider and back.
struct ModelProxy::Passage {
  http::Request request;
  std::shared_ptr<Grant::State> grant;
  Route route;
  std::string job;
  std::string model;
  std::size_t request_bytes;
  async::TaskGroup work;
  bool sent = false;                  ///< the provider may have the request
  bool refused = false;               ///< the provider has answered with an error
  std::optional<UsageReader> reader;  ///< once the provider has begun to answer
  std::string broken_off;             ///< why the answer is not whole
  bool begun = false;                 ///< the agent has the answer's head
  bool answered = false;              ///< the agent has all of it
  bool agent_gone = false;
};

ModelProxy::ModelProxy(asio::any_io_executor executor, Upstream upstream, Ledger& ledger,
                       ProxyOptions options)
    : executor_(std::move(executor)),
      upstream_(std::move(upstream)),
      ledger_(ledger),
      options_(options),
      grants_(std::make_shared<Grant::Grants>()) {
  for (const Endpoint& endpoint : upstream_.endpoints) {
    clients_.emplace_back(executor_, endpoint.base,
                          http::ClientOptions{.response_limit = provider_answer_limit});
  }
}
ModelProxy::~ModelProxy() = default;

std::unique_ptr<Grant> ModelProxy::grant() {
  return std::unique_ptr<Grant>(new Grant(grants_, new_token(upstream_.key)));
}

std::shared_ptr<Grant::State> ModelProxy::find_grant(const http::RequestHead& head) const {
  const auto token = presented_token(head.headers);
  const auto found =
      std::ranges::find_if(*grants_, [token](const auto& grant) { return same_token(grant.first, token); });
  if (found == grants_->end() || !found->second->open) return nullptr;
  return found->second;
}

std::variant<http::Response, http::BodyLimit> ModelProxy::admit(const http::RequestHead& head) {
  if (!find_grant(head)) return wrong_token();
  if (!find_route(upstream_, head.path())) {
    return own_answer(404, "not_found_error", "this is nothing that the model proxy passes on");
  }
  if (head.method != "POST") return own_answer(405, "invalid_request_error", "expected POST");
  return http::BodyLimit{options_.request_limit};
}

asio::awaitable<void> ModelProxy::serve(http::Request request, http::Exchange& exchange) {
  auto grant = find_grant(request.head);
  if (!grant) {
    auto answer = wrong_token();
    co_return co_await exchange.send(std::move(answer));
  }
  auto route = find_route(upstream_, request.head.path()).value();
  std::string job = grant->job;
  const std::size_t request_bytes = request.body.size();
  Passage passage{.request = std::move(request),
                  .grant = std::move(grant),
                  .route = std::move(route),
                  .job = std::move(job),
                  .model = {},
                  .request_bytes = request_bytes,
                  .work = async::TaskGroup(executor_),
                  .reader = {},
                  .broken_off = {}};
  auto refusal = refuse(passage);
  if (refusal) co_return co_await exchange.send(std::move(*refusal));

  co_await carry(passage, exchange);
  charge(passage);
  if (passage.answered || passage.agent_gone) co_return;
  if (passage.broken_off.empty()) passage.broken_off = "its job has ended";
  ++traffic_.errors;
  // The agent sees a cut answer by its missing end.
  if (passage.begun) throw std::runtime_error("a model's answer broke off: " + passage.broken_off);
  log::warn("model.unreachable", {{"job", passage.job}, {"error", passage.broken_off}});
  auto answer = own_answer(502, "api_error", "the model provider gave no answer: " + passage.broken_off);
  co_await exchange.send(std::move(answer));
}

/// What the proxy itself answers instead of the provider; nullopt when the request may go on.
std::optional<http::Response> ModelProxy::refuse(Passage& passage) {
  if (passage.grant->under_way.size() >= options_.requests_at_once) {
    return own_answer(429, "rate_limit_error", "too many requests of one agent at once");
  }
  const ModelApi api = upstream_.endpoints.at(passage.route.endpoint).api;
  const auto model = requested_model(api, passage.route.path, passage.request.body);
  if (!model) return own_answer(400, "invalid_request_error", "the request names no model");
  if (upstream_.model && *model != *upstream_.model) {
    return own_answer(403, "permission_error", "this agent may only ask the model " + *upstream_.model);
  }
  passage.model = *model;
  const auto price = upstream_.prices.contains(*model) ? PriceKnown::yes : PriceKnown::no;
  const auto refusal = refusal_by_budget(options_.budgets, ledger_.spent(passage.job), price, *model);
  if (!refusal) return std::nullopt;
  ++traffic_.refused;
  log::warn("model.refused_by_budget", {{"job", passage.job}, {"reason", *refusal}});
  if (!passage.grant->refusal) passage.grant->refusal = *refusal;
  // "Out of budget" are words by which pi knows that a repeat is of no use.
  return own_answer(402, "billing_error", "out of budget. " + *refusal);
}

/// Until the answer is passed on, or nobody waits for it any more.
asio::awaitable<void> ModelProxy::carry(Passage& passage, http::Exchange& exchange) {
  auto& under_way = passage.grant->under_way;
  const auto place = under_way.insert(under_way.end(), &passage.work);
  passage.work.spawn("model request", pass_on(passage, exchange));
  // Cancelled is who serves a connection that the server cuts.
  co_await async::join_or_cancel(passage.work, [&passage] { passage.agent_gone = true; });
  under_way.erase(place);
}

asio::awaitable<void> ModelProxy::pass_on(Passage& passage, http::Exchange& exchange) {
  const auto query = passage.request.head.query();
  std::string target = passage.route.path;
  if (!query.empty()) target.append("?").append(query);
  http::Request asked{.head = {.method = "POST",
                               .target = std::move(target),
                               .headers = upstream_headers(passage.request.head.headers, upstream_)},
                      .body = std::move(passage.request.body)};
  watch(passage, exchange);
  passage.sent = true;
  auto answer = co_await clients_.at(passage.route.endpoint).open(std::move(asked), options_.answer_timeout);
  if (!answer) {
    passage.sent = answer.error().outcome != http::ClientError::Outcome::not_sent;
    passage.broken_off = answer.error().message;
    co_return;
  }
  passage.refused = !is_success(answer->head().status);
  if (passage.refused) {
    co_await pass_error(passage, *answer, exchange);
  } else {
    co_await pass_body(passage, *answer, exchange);
  }
}

/// An agent that goes away ends its request.
void ModelProxy::watch(Passage& passage, http::Exchange& exchange) {
  exchange.watch_close([&passage] {
    passage.agent_gone = true;
    passage.work.cancel();
  });
}

/// A provider's error goes on whole, but for the key, which some repeat.
asio::awaitable<void> ModelProxy::pass_error(Passage& passage, http::ResponseStream& answer,
                                             http::Exchange& exchange) {
  http::Response error{
      .status = answer.head().status, .headers = downstream_headers(answer.head().headers), .body = {}};
  for (;;) {
    const auto piece = co_await answer.read(options_.silence_timeout);
    if (!piece || !*piece) break;  // cut or not: what there is says what is wrong
    error.body.append(**piece);
    if (error.body.size() > error_limit) break;
  }
  error.body = without(std::move(error.body), upstream_.key);
  ++traffic_.errors;
  passage.answered = true;
  co_await exchange.send(std::move(error));
}

asio::awaitable<void> ModelProxy::pass_body(Passage& passage, http::ResponseStream& answer,
                                            http::Exchange& exchange) {
  passage.reader.emplace(make_reader(upstream_.endpoints.at(passage.route.endpoint).api, answer.head()));
  http::Response head{
      .status = answer.head().status, .headers = downstream_headers(answer.head().headers), .body = {}};
  co_await exchange.begin_stream(std::move(head));
  passage.begun = true;
  for (;;) {
    watch(passage, exchange);
    auto piece = co_await answer.read(options_.silence_timeout);
    if (!piece) {
      passage.broken_off = piece.error();
      co_return;
    }
    if (!*piece) break;
    passage.reader->take(**piece);
    const bool taken = co_await exchange.write(std::move(**piece));
    if (taken) continue;
    passage.agent_gone = true;
    co_return;
  }
  passage.answered = true;
}

/// Puts on record what the provider charges, as well as it can be known.
void ModelProxy::charge(Passage& passage) {
  if (!passage.sent || passage.refused) return;
  UsageReader reader =
      passage.reader.value_or(UsageReader(ModelApi::chat_completions, UsageReader::Form::events));
  reader.end();
  const bool estimated = !reader.is_final();
  const TokenUsage usage = estimated ? estimate_usage(reader, passage.request_bytes) : reader.usage().value();
  ++traffic_.requests;
  traffic_.estimated += estimated ? 1U : 0U;
  const auto price = upstream_.prices.find(passage.model);
  std::optional<domain::Usd> cost;
  if (price != upstream_.prices.end()) cost = cost_of(usage, price->second);
  ledger_.add(
      {.job = passage.job, .model = passage.model, .usage = usage, .estimated = estimated, .cost = cost});
}

}  // namespace butler::model_proxy
