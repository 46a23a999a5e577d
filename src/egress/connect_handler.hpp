#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/task_group.hpp"
#include "egress/permission.hpp"
#include "egress/relay.hpp"
#include "egress/resolver.hpp"
#include "http/deadlines.hpp"
#include "http/server.hpp"

/// The one way from agents to other hosts: CONNECT to hosts that are allowed, and nothing else.
namespace butler::egress {

struct ConnectOptions {
  std::chrono::milliseconds lookup_timeout{10'000};
  std::chrono::milliseconds connect_timeout{10'000};
  RelayLimits relay = {};
  std::uint64_t bytes_of_a_job = std::uint64_t{8} << 30U;
  std::size_t connections_at_once = 64;
  std::size_t questions_of_a_job = 20;  ///< hosts that a person is asked for
};

/// What all agents together have done since the start.
struct Traffic {
  std::uint64_t allowed = 0;   ///< connections
  std::uint64_t denied = 0;    ///< by the rules, or by a person
  std::uint64_t failed = 0;    ///< to hosts that could not be reached
  std::uint64_t cut = 0;       ///< ended by a limit, or by what was sent
  std::uint64_t sent = 0;      ///< bytes to hosts
  std::uint64_t received = 0;  ///< bytes from hosts
};

/// What a job brings along.
struct JobHooks {
  AskHost ask = {};                                   ///< empty: nobody can be asked, which is a no
  std::function<void(const Denial&)> on_denied = {};  ///< besides the log
};

/// Serves the CONNECT requests of one agent process while a job of it runs. One thread.
class ConnectHandler {
 public:
  using Policy = std::function<HostPolicy()>;

  /// `policy` is asked for each connection, so that a change counts at once. What is passed by reference
  /// outlives the handler.
  ConnectHandler(const boost::asio::any_io_executor& executor, Resolver& resolver, Traffic& traffic,
                 Policy policy, ConnectOptions options = {});
  ~ConnectHandler();

  /// From now on connections are made, for this job.
  void begin(std::string job, JobHooks hooks);
  /// No connection is made any more; those that are open go on.
  void hold();
  /// No connection is made any more, those that are open are cut, and nobody is asked.
  void end();
  /// After end(): returns when nothing is under way.
  boost::asio::awaitable<void> close();

  /// Decides on the head of a CONNECT, or of a request for another host ("GET http://…"), which is refused.
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head);
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange);

  /// True for what admit() is for.
  static bool is_for(const http::RequestHead& head);

 private:
  struct Job;
  struct Passage;
  struct Answer;
  /// Why there is no connection.
  struct Obstacle {
    bool denied = false;  ///< it must not be made; else it cannot be
    std::string reason;   ///< a sentence
    bool noted = false;   ///< who decided has told of it
  };
  template <class T>
  using Result = boost::asio::awaitable<std::expected<T, Obstacle>>;
  using Addresses = std::vector<boost::asio::ip::address>;

  boost::asio::awaitable<void> connect(Passage& passage, http::Exchange& exchange);
  Result<http::Socket> reach(Passage& passage);
  Result<HostRule> permit(Passage& passage);
  Result<Addresses> find_addresses(const Passage& passage);
  Result<http::Socket> dial(Addresses addresses, std::uint16_t port);
  boost::asio::awaitable<HostDecision> ask(std::shared_ptr<Job> job, Target target);
  boost::asio::awaitable<void> ask_person(std::shared_ptr<Job> job, HostQuestion question,
                                          std::shared_ptr<Answer> answer);
  boost::asio::awaitable<void> relay(Passage& passage, http::Exchange& exchange, http::Socket server);
  void deny(const Job& job, const std::string& target, const std::string& reason, bool noted = false);

  boost::asio::any_io_executor executor_;
  Resolver& resolver_;
  Traffic& traffic_;
  Policy policy_;
  ConnectOptions options_;
  http::Deadlines deadlines_;
  async::TaskGroup questions_;
  std::shared_ptr<Job> job_;  ///< null before the first
};

}  // namespace butler::egress
