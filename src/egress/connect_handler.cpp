#include "egress/connect_handler.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <map>
#include <utility>

#include "async/as_result.hpp"
#include "async/event.hpp"
#include "async/join.hpp"
#include "log/log.hpp"

namespace butler::egress {

namespace asio = boost::asio;

namespace {

using async::as_result;
constexpr std::chrono::milliseconds deadline_resolution{100};
constexpr std::size_t shown_target = 100;

http::Response refusal(int status, const std::string& reason) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = "Butler does not make this connection: " + reason + ".\n"};
}

http::Response no_job() { return refusal(403, "no job of this agent runs"); }

}  // namespace

/// What a person has said of a host, or will.
struct ConnectHandler::Answer {
  explicit Answer(const asio::any_io_executor& executor) : changed(executor) {}
  std::optional<HostDecision> decision;
  async::Event changed;
};

struct ConnectHandler::Job {
  std::string id;
  JobHooks hooks;
  bool open = true;
  std::uint64_t bytes = 0;
  std::map<std::string, std::shared_ptr<Answer>, std::less<>> answers;  ///< by "host:port"
  std::list<async::TaskGroup*> under_way;
};

/// One connection, from its request to its end.
struct ConnectHandler::Passage {
  std::shared_ptr<Job> job;
  std::string text;  ///< of the target, as it is shown
  Target target;
  HostRule rule = {};  ///< that allowed it
  async::TaskGroup work;
  bool answered = false;  ///< the client has a response
  bool client_gone = false;
};

ConnectHandler::ConnectHandler(const asio::any_io_executor& executor, Resolver& resolver, Traffic& traffic,
                               Policy policy, ConnectOptions options)
    : executor_(executor),
      resolver_(resolver),
      traffic_(traffic),
      policy_(std::move(policy)),
      options_(options),
      deadlines_(executor, deadline_resolution),
      questions_(executor) {}
ConnectHandler::~ConnectHandler() = default;

void ConnectHandler::begin(std::string job, JobHooks hooks) {
  end();
  job_ = std::make_shared<Job>();
  job_->id = std::move(job);
  job_->hooks = std::move(hooks);
}

void ConnectHandler::hold() {
  if (job_) job_->open = false;
}

void ConnectHandler::end() {
  hold();
  questions_.cancel();
  if (!job_) return;
  for (async::TaskGroup* const connection : job_->under_way) connection->cancel();
  job_->hooks = {};
}

asio::awaitable<void> ConnectHandler::close() { return questions_.join(); }

bool ConnectHandler::is_for(const http::RequestHead& head) {
  return head.method == "CONNECT" || !head.target.starts_with('/');
}

std::variant<http::Response, http::BodyLimit> ConnectHandler::admit(const http::RequestHead& head) {
  if (!job_ || !job_->open) return no_job();
  if (head.method == "CONNECT") return http::BodyLimit{0};
  const std::string reason = "only https passes, by CONNECT";
  deny(*job_, head.target.substr(0, shown_target), reason);
  return refusal(403, reason);
}

void ConnectHandler::deny(const Job& job, const std::string& target, const std::string& reason, bool noted) {
  ++traffic_.denied;
  log::warn("egress.denied", {{"job", job.id}, {"target", target}, {"reason", reason}});
  if (!job.hooks.on_denied) return;
  job.hooks.on_denied({.job = job.id, .target = target, .reason = reason, .noted = noted});
}

asio::awaitable<void> ConnectHandler::serve(http::Request request, http::Exchange& exchange) {
  if (!job_ || !job_->open) {
    auto answer = no_job();
    co_return co_await exchange.send(std::move(answer));
  }
  Passage passage{.job = job_,
                  .text = request.head.target.substr(0, shown_target),
                  .target = {},
                  .rule = {},
                  .work = async::TaskGroup(executor_)};
  auto& under_way = passage.job->under_way;
  const auto place = under_way.insert(under_way.end(), &passage.work);
  passage.work.spawn("connection to a host", connect(passage, exchange));
  // Cancelled is who serves a connection that the server cuts.
  co_await async::join_or_cancel(passage.work, [&passage] { passage.client_gone = true; });
  under_way.erase(place);
  if (passage.answered || passage.client_gone) co_return;
  auto answer = refusal(403, "its job has ended");
  co_await exchange.send(std::move(answer));
}

asio::awaitable<void> ConnectHandler::connect(Passage& passage, http::Exchange& exchange) {
  exchange.watch_close([&passage] {
    passage.client_gone = true;
    passage.work.cancel();
  });
  auto server = co_await reach(passage);
  passage.answered = true;
  if (server) co_return co_await relay(passage, exchange, std::move(*server));
  const Obstacle& obstacle = server.error();
  if (obstacle.denied) {
    deny(*passage.job, passage.text, obstacle.reason, obstacle.noted);
  } else {
    ++traffic_.failed;
    log::info("egress.failed",
              {{"job", passage.job->id}, {"target", passage.text}, {"error", obstacle.reason}});
  }
  auto answer = refusal(obstacle.denied ? 403 : 502, obstacle.reason);
  co_await exchange.send(std::move(answer));
}

/// A connection to the target, if there may and can be one.
ConnectHandler::Result<http::Socket> ConnectHandler::reach(Passage& passage) {
  auto permission = co_await permit(passage);
  if (!permission) co_return std::unexpected(std::move(permission.error()));
  passage.rule = std::move(*permission);
  auto addresses = co_await find_addresses(passage);
  if (!addresses) co_return std::unexpected(std::move(addresses.error()));
  co_return co_await dial(std::move(*addresses), passage.target.port);
}

/// The rule that allows the target, or what a person has allowed.
ConnectHandler::Result<HostRule> ConnectHandler::permit(Passage& passage) {
  const auto refused = [](std::string reason) {
    return std::unexpected(Obstacle{.denied = true, .reason = std::move(reason)});
  };
  if (passage.job->under_way.size() > options_.connections_at_once) {
    co_return refused("too many connections of one agent at once");
  }
  auto target = parse_target(passage.text);
  if (!target) co_return refused(std::move(target.error()));
  passage.target = std::move(*target);
  passage.text = to_text(passage.target);
  const HostPolicy policy = policy_();
  auto admission = admit_target(policy, passage.target);
  if (admission.kind == Admission::Kind::allow) co_return *admission.rule;
  if (admission.kind == Admission::Kind::deny) co_return refused(std::move(admission.reason));
  auto decision = co_await ask(passage.job, passage.target);
  if (!decision.allowed) {
    co_return std::unexpected(
        Obstacle{.denied = true, .reason = std::move(decision.reason), .noted = decision.noted});
  }
  co_return rule_for(passage.target);
}

/// What was answered before in this job, or will be: each host is asked for once.
asio::awaitable<HostDecision> ConnectHandler::ask(std::shared_ptr<Job> job, Target target) {
  const std::string text = to_text(target);
  const auto known = job->answers.find(text);
  std::shared_ptr<Answer> answer = known == job->answers.end() ? nullptr : known->second;
  if (!answer && !job->hooks.ask) {
    co_return HostDecision{.allowed = false, .reason = text + " is not on the list, and nobody can be asked"};
  }
  if (!answer && job->answers.size() >= options_.questions_of_a_job) {
    co_return HostDecision{.allowed = false, .reason = "this job has asked for too many hosts"};
  }
  if (!answer) {
    answer = std::make_shared<Answer>(executor_);
    job->answers.emplace(text, answer);
    HostQuestion question{.job = job->id, .target = std::move(target)};
    questions_.spawn("question for a host", ask_person(job, std::move(question), answer));
  }
  while (!answer->decision) co_await answer->changed.wait();
  co_return *answer->decision;
}

asio::awaitable<void> ConnectHandler::ask_person(std::shared_ptr<Job> job, HostQuestion question,
                                                 std::shared_ptr<Answer> answer) {
  const AskHost ask = job->hooks.ask;
  const std::string text = to_text(question.target);
  HostDecision decision{.allowed = false, .reason = text + " could not be asked for"};
  try {
    decision = co_await ask(std::move(question));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;  // the job has ended
    log::error("egress.fault", {{"job", job->id}, {"target", text}, {"error", error.what()}});
  } catch (const std::exception& fault) {
    log::error("egress.fault", {{"job", job->id}, {"target", text}, {"error", fault.what()}});
  }
  if (!decision.allowed && decision.reason.empty()) decision.reason = text + " was not allowed";
  answer->decision = std::move(decision);
  answer->changed.notify_all();
}

/// Where the name leads, once: every address has to be fit, and these are the ones that are dialled.
ConnectHandler::Result<ConnectHandler::Addresses> ConnectHandler::find_addresses(const Passage& passage) {
  const Target& target = passage.target;
  std::expected<Addresses, std::string> found = Addresses{};
  if (target.address) {
    found->push_back(*target.address);
  } else {
    found = co_await resolver_.resolve(target.host, options_.lookup_timeout);
  }
  if (!found) co_return std::unexpected(Obstacle{.denied = false, .reason = std::move(found.error())});
  for (const auto& address : *found) {
    auto refused = refuse_address(address, target, passage.rule);
    if (refused) co_return std::unexpected(Obstacle{.denied = true, .reason = std::move(*refused)});
  }
  co_return std::move(*found);
}

ConnectHandler::Result<http::Socket> ConnectHandler::dial(Addresses addresses, std::uint16_t port) {
  std::string reason = "there is no address";
  for (const auto& address : addresses) {
    http::Socket socket(executor_);
    bool late = false;
    http::Deadlines::Entry deadline(deadlines_, [&] {
      late = true;
      http::close_quietly(socket);
    });
    deadline.set(http::Deadlines::Clock::now() + options_.connect_timeout);
    const auto [error] = co_await socket.async_connect(asio::ip::tcp::endpoint(address, port), as_result);
    if (!error && !late) co_return std::move(socket);
    reason = late ? "no answer in time" : error.message();
  }
  co_return std::unexpected(Obstacle{.denied = false, .reason = reason});
}

asio::awaitable<void> ConnectHandler::relay(Passage& passage, http::Exchange& exchange, http::Socket server) {
  ++traffic_.allowed;
  log::debug("egress.connected", {{"job", passage.job->id}, {"target", passage.text}});
  auto tunnel = co_await exchange.tunnel();
  const auto inspect = [&](std::string_view bytes) {
    return inspect_first_bytes(read_first_bytes(bytes), passage.target, passage.rule);
  };
  const auto count = [&](std::size_t size) {
    passage.job->bytes += size;
    return passage.job->bytes <= options_.bytes_of_a_job;
  };
  Relay bytes(tunnel.socket, server, deadlines_, options_.relay, inspect, count);
  co_await bytes.run(std::move(tunnel.early));
  traffic_.sent += bytes.sent();
  traffic_.received += bytes.received();
  if (bytes.cut().empty()) co_return;
  if (bytes.was_refused()) co_return deny(*passage.job, passage.text, bytes.cut());
  ++traffic_.cut;
  log::warn("egress.cut", {{"job", passage.job->id}, {"target", passage.text}, {"reason", bytes.cut()}});
}

}  // namespace butler::egress
