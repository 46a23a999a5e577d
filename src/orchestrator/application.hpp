#pragma once

#include "config/settings.hpp"
#include "http/server.hpp"
#include "orchestrator/access.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/route_table.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

/// The API as an HTTP application: who may call, which route, and its answer through the commit queue.
class ApiApplication final : public http::Application {
 public:
  ApiApplication(const config::OrchestratorSettings& settings, const RouteTable& routes, CommitQueue& commits,
                 Measures& measures)
      : settings_(settings),
        hosts_(settings.host, settings.allowed_hosts),
        routes_(routes),
        commits_(commits),
        measures_(measures) {}

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override;
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override;

  /// From now on every request is answered 503: the process is about to end.
  void close() { closed_ = true; }

 private:
  std::variant<http::Response, http::BodyLimit> decide(const http::RequestHead& head,
                                                       const RouteTable::Match& match) const;
  void count(std::string_view method, const Route* route, const http::Response& response);
  bool may_call(Caller caller, const http::RequestHead& head) const;
  boost::asio::awaitable<http::Response> answer(const http::Request& request, const RouteTable::Match& match,
                                                std::string request_id, http::Exchange& exchange);
  boost::asio::awaitable<void> stream(http::Request request, const RouteTable::Match& match,
                                      std::string request_id, http::Response first, http::Exchange& exchange);
  std::string new_request_id();

  const config::OrchestratorSettings& settings_;
  AllowedHosts hosts_;
  const RouteTable& routes_;
  CommitQueue& commits_;
  Measures& measures_;
  std::string id_prefix_ = process::random_hex(4) + "-";
  std::uint64_t requests_ = 0;
  bool closed_ = false;
};

}  // namespace butler::orchestrator
