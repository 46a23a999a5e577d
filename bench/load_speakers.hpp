#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load_loop.hpp"
#include "load_queues.hpp"

namespace load {

/// Running jobs that say so many deltas of 200 bytes at a time, each its next as soon as the last are stored.
class Speakers {
 public:
  /// Makes the jobs and claims them; `loop` has to outlive this.
  Speakers(Loop& loop, Queue& queue, std::string worker_token, int jobs, std::size_t deltas);

  /// From now on they speak.
  void begin();
  /// How long each batch took in milliseconds, of all of them.
  std::vector<double>& latencies() { return latencies_; }

 private:
  void hear(Connection& worker, std::string_view claimed);

  std::string token_;
  std::string body_;
  std::vector<std::pair<Connection*, std::string>> running_;
  std::vector<double> latencies_;
};

}  // namespace load
