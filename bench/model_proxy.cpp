// Measures what the model proxy costs and prints one JSON line: microseconds that it adds to a request, and
// to each piece of a streamed answer. Client, provider and proxy share one thread, so that what is added is
// what the proxy works, and nothing is hidden beside it.
//
//   butler_model_proxy_bench REQUESTS PIECES

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "http/client.hpp"
#include "model_proxy/proxy.hpp"

namespace {

using namespace butler;
namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto piece = "data: {\"choices\":[{\"delta\":{\"content\":\" word\"}}]}\n\n";
constexpr auto last_piece =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10}}\n\ndata: [DONE]\n\n";

/// Streams as many pieces as it was told to.
class Provider final : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& /*head*/) override {
    return http::BodyLimit{std::size_t{1} << 20U};
  }
  awaitable<void> serve(http::Request /*request*/, http::Exchange& exchange) override {
    co_await exchange.begin_stream({.status = 200, .headers = {{"content-type", "text/event-stream"}}});
    for (int i = 0; i < pieces; ++i) co_await exchange.write(piece);
    co_await exchange.write(last_piece);
  }

  int pieces = 1;
};

class NoLedger final : public model_proxy::Ledger {
 public:
  model_proxy::Spent spent(std::string_view /*job*/) override { return {}; }
  void add(const model_proxy::Charge& /*charge*/) override {}
};

http::Request question(const std::string& token) {
  return {.head = {.method = "POST",
                   .target = "/chat/completions",
                   .headers = {{"authorization", "Bearer " + token}, {"content-type", "application/json"}}},
          .body = R"({"model":"mock-1","stream":true,"messages":[{"role":"user","content":"Hello"}]})"};
}

/// Asks `times` times; seconds for all of it.
awaitable<double> ask(http::Client& client, std::string token, int times) {
  const auto start = Clock::now();
  for (int i = 0; i < times; ++i) {
    const auto answer = co_await client.send(question(token), 60s);
    if (!answer || answer->status != 200) throw std::runtime_error("a request has failed");
  }
  co_return std::chrono::duration<double>(Clock::now() - start).count();
}

class Bench {
 public:
  Bench() {
    for (auto* const server : {&provider_server_, &proxy_server_})
      asio::co_spawn(io_, server->run(), asio::detached);
    grant_->begin("job-1");
  }

  /// Microseconds that the proxy adds to each of `times` requests with this many pieces.
  double added(int pieces, int times) {
    provider_.pieces = pieces;
    run(ask(through_proxy_, grant_->token(), 3));  // the connections are there
    run(ask(direct_, "key", 3));
    const double with_proxy = run(ask(through_proxy_, grant_->token(), times));
    const double without = run(ask(direct_, "key", times));
    return (with_proxy - without) / times * 1e6;
  }

 private:
  /// The proxy is told the port of a server that listens.
  static const http::Server& listening(http::Server& server) {
    server.listen();
    return server;
  }

  static http::Url address(const http::Server& server, const std::string& path) {
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port()), .path = path};
  }

  double run(awaitable<double> task) {
    std::exception_ptr fault;
    double seconds = -1;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, double took) {
      fault = error;
      seconds = took;
      io_.stop();
    });
    io_.restart();
    io_.run();
    if (fault) std::rethrow_exception(fault);
    return seconds;
  }

  asio::io_context io_{1};
  NoLedger ledger_;
  Provider provider_;
  http::Server provider_server_{io_.get_executor(), {}, provider_};
  model_proxy::ModelProxy proxy_{io_.get_executor(),
                                 {.endpoints = {{.api = model_proxy::ModelApi::chat_completions,
                                                 .base = address(listening(provider_server_), "/v1")}},
                                  .key = "key",
                                  .headers = {},
                                  .model = "mock-1",
                                  .prices = {}},
                                 ledger_,
                                 {}};
  http::Server proxy_server_{io_.get_executor(), {}, proxy_};
  std::unique_ptr<model_proxy::Grant> grant_ = proxy_.grant();
  http::Client direct_{io_.get_executor(), address(provider_server_, "/v1")};
  http::Client through_proxy_{io_.get_executor(), address(listening(proxy_server_), proxy_.path())};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int requests = std::atoi(argv[1]);
  const int pieces = std::atoi(argv[2]);
  Bench bench;
  const double request = bench.added(1, requests);
  const double stream = bench.added(pieces, 1);
  std::printf("{\"request_us\": %.1f, \"piece_us\": %.2f}\n", request, (stream - request) / pieces);
  return 0;
}
