#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load_loop.hpp"

namespace load {

/// The requests that make, claim and complete a job of one kind of queue.
class Queue {
 public:
  virtual ~Queue() = default;

  /// How its answers end.
  [[nodiscard]] virtual Framing framing() const = 0;
  /// Makes one job, which waits for no other unless all are of one session.
  virtual std::string create() = 0;
  /// Makes all further jobs of one session, in a queue that has sessions.
  virtual void use_session(const std::string& /*session*/) {}
  /// Waits for a job.
  [[nodiscard]] virtual std::string claim() const = 0;
  /// Ends the job that this answer has brought; with `and_next` the answer may bring the next one.
  [[nodiscard]] virtual std::string complete(std::string_view claimed, bool and_next) const = 0;
  /// Whether the answer has brought a job.
  [[nodiscard]] virtual bool brings_job(std::string_view answer) const = 0;

  /// The port for the connection of this number: several servers may share one queue.
  [[nodiscard]] int port(std::size_t number) const { return ports_[number % ports_.size()]; }

 protected:
  explicit Queue(std::vector<int> ports) : ports_(std::move(ports)) {}

 private:
  std::vector<int> ports_;
};

/// An HTTP request with a JSON body.
std::string http_request(std::string_view path, std::string_view token, std::string_view body,
                         std::string_view lease_token = {});

/// The string that follows a JSON member's name, from `start` on; throws when there is none.
std::string_view json_string(std::string_view json, std::string_view member, std::size_t start = 0);

/// From `butler:PORT[,PORT…]:GATEWAY_TOKEN:WORKER_TOKEN` or `beanstalkd:PORT`.
std::unique_ptr<Queue> queue_of(const std::string& description);

}  // namespace load
