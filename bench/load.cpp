// Loads a queue and prints one JSON line with rate and latencies. QUEUE is
// butler:PORT[,PORT…]:TOKEN:WORKER_TOKEN (over HTTP) or beanstalkd:PORT, on this machine. What is counted
// begins a second after the load does.
//
//   butler_load fsync      FOLDER SECONDS                 rate of 4 KiB append + fdatasync (F)
//   butler_load spin       SECONDS                        how fast this core counts now
//   butler_load creates    QUEUE CONNECTIONS SECONDS      jobs made
//   butler_load lifecycles QUEUE PRODUCERS WORKERS SECONDS  jobs made, claimed and completed
//   butler_load pickup     QUEUE COUNT                    from the begin of a create to the claim's answer
//   butler_load requests   PORT PATH TOKEN BODY CONNECTIONS SECONDS  the same POST over and over
//   butler_load deltas     QUEUE JOBS SECONDS             deltas of 200 bytes from so many running jobs
//   butler_load beside     QUEUE PAIRS DELTAS SECONDS     lifecycles beside as many jobs that say so much

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "load_figures.hpp"
#include "load_loop.hpp"
#include "load_queues.hpp"
#include "load_speakers.hpp"

namespace {

using load::Clock;
using load::Connection;
using load::Loop;
using load::milliseconds;
using load::percentile;
using load::print;
using load::Queue;
using load::Speakers;

constexpr double warm_up_seconds = 1;
constexpr std::ptrdiff_t most_open_jobs = 1'000;  // then producers wait for workers
constexpr std::size_t events_in_batch = 256;

/// Lets the load run, and counts after the warm-up only. `latencies` is what handlers add to.
int measure(Loop& loop, double seconds, std::vector<double>& latencies, std::size_t each = 1) {
  loop.run_for(warm_up_seconds);
  latencies.clear();
  const double took = loop.run_for(seconds);
  print(latencies.size() * each, took, latencies);
  return 0;
}

int measure_creates(Queue& queue, int connections, double seconds) {
  Loop loop;
  std::vector<double> latencies;
  for (int number = 0; number < connections; ++number) {
    Connection& connection = loop.connect(queue.port(static_cast<std::size_t>(number)), queue.framing());
    connection.on_answer([&](std::string_view, double ms) {
      latencies.push_back(ms);
      connection.send(queue.create());
    });
    connection.send(queue.create());
  }
  return measure(loop, seconds, latencies);
}

/// Producers and workers of one queue. Producers wait while so many jobs are open that more would say
/// nothing.
class Lifecycles {
 public:
  explicit Lifecycles(Queue& queue) : queue_(queue) {}

  void add_producer(Connection& producer) {
    producer.on_answer([this, &producer](std::string_view, double) { produce(producer); });
    produce(producer);
  }

  void add_worker(Connection& worker) {
    worker.on_answer([this, &worker, works = false](std::string_view answer, double ms) mutable {
      if (works) completed(ms);
      works = queue_.brings_job(answer);
      worker.send(works ? queue_.complete(answer, true) : queue_.claim());
    });
    worker.send(queue_.claim());
  }

  std::vector<double>& latencies() { return latencies_; }

 private:
  void produce(Connection& producer) {
    if (open_ >= most_open_jobs) {
      waiting_.push_back(&producer);
      return;
    }
    ++open_;
    producer.send(queue_.create());
  }

  void completed(double ms) {
    latencies_.push_back(ms);
    --open_;
    if (waiting_.empty()) return;
    Connection& producer = *waiting_.back();
    waiting_.pop_back();
    produce(producer);
  }

  Queue& queue_;
  std::ptrdiff_t open_ = 0;  // below 0 when jobs were there before
  std::vector<Connection*> waiting_;
  std::vector<double> latencies_;
};

int measure_lifecycles(Queue& queue, int producers, int workers, double seconds) {
  Loop loop;
  Lifecycles lifecycles(queue);
  for (int number = 0; number < workers; ++number) {
    lifecycles.add_worker(loop.connect(queue.port(static_cast<std::size_t>(number)), queue.framing()));
  }
  for (int number = 0; number < producers; ++number) {
    lifecycles.add_producer(loop.connect(queue.port(static_cast<std::size_t>(number)), queue.framing()));
  }
  return measure(loop, seconds, lifecycles.latencies());
}

/// One worker is parked in a claim; how long after the begin of a create does it have the job? The create's
/// own time is taken in the same rounds: after a pause both sides wake from sleep, which back-to-back creates
/// do not. With several servers the worker is at another one than the producer.
int measure_pickup(Queue& queue, int count) {
  Loop loop;
  Connection& producer = loop.connect(queue.port(0), queue.framing());
  Connection& worker = loop.connect(queue.port(1), queue.framing());
  std::vector<double> latencies;
  std::vector<double> creates;
  Clock::time_point begun;
  std::string answer;
  producer.on_answer([&](std::string_view, double ms) { creates.push_back(ms); });
  for (std::size_t i = 1; i <= static_cast<std::size_t>(count); ++i) {
    worker.on_answer([&](std::string_view bytes, double) {
      latencies.push_back(milliseconds(Clock::now() - begun));
      answer = bytes;
    });
    worker.send(queue.claim());
    // The claim has to be parked: give its bytes the time of a few hundred round trips.
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
    begun = Clock::now();
    producer.send(queue.create());
    loop.run_until([&] { return creates.size() == i && latencies.size() == i; });
    if (!queue.brings_job(answer)) throw std::runtime_error("no job came: " + answer);
    bool ended = false;
    worker.on_answer([&](std::string_view, double) { ended = true; });
    worker.send(queue.complete(answer, false));
    loop.run_until([&] { return ended; });
  }
  std::printf("{\"create_p50_ms\": %.4f, \"p50_ms\": %.4f, \"p99_ms\": %.4f}\n", percentile(creates, 0.5),
              percentile(latencies, 0.5), percentile(latencies, 0.99));
  return 0;
}

/// Makes jobs by the clock, over 32 connections, as far as their answers come in time.
class Paced {
 public:
  Paced(Loop& loop, Queue& queue) : queue_(queue) {
    for (int number = 0; number < 32; ++number) {
      Connection& producer = loop.connect(queue.port(0), queue.framing());
      producer.on_answer([this, &producer](std::string_view, double) {
        ++created_;
        idle_.push_back(&producer);
      });
      idle_.push_back(&producer);
    }
  }

  /// Lets the loop run for so long; a warm-up of a second is not counted.
  double run(Loop& loop, double per_second, double seconds) {
    auto start = Clock::now();
    for (double due = 0; milliseconds(Clock::now() - start) < seconds * 1000;) {
      due += per_second * loop.run_for(0.002);
      for (; due >= 1 && !idle_.empty(); due -= 1) create();
      due = std::min(due, per_second / 10);  // what could not be made in time is not made up for
      if (warm_ || milliseconds(Clock::now() - start) < warm_up_seconds * 1000) continue;
      warm_ = true;
      created_ = 0;
      start = Clock::now();
    }
    return static_cast<double>(created_) / (milliseconds(Clock::now() - start) / 1000);
  }

  /// Whether what happens now counts.
  [[nodiscard]] bool is_warm() const { return warm_; }

  /// How long ago the create of this job's session has begun.
  double age(std::string_view session) const {
    const auto number = std::stoul(std::string(session.substr(session.rfind('-') + 1)));
    return milliseconds(Clock::now() - begun_.at(number));
  }

 private:
  void create() {
    queue_.use_session("paced-" + std::to_string(begun_.size()));
    begun_.push_back(Clock::now());
    Connection& producer = *idle_.back();
    idle_.pop_back();
    producer.send(queue_.create());
  }

  Queue& queue_;
  std::size_t created_ = 0;
  bool warm_ = false;
  std::vector<Connection*> idle_;
  std::vector<Clock::time_point> begun_;
};

int measure_wakeups(Queue& queue, int workers, double per_second, double seconds) {
  Loop loop;
  Paced paced(loop, queue);
  std::vector<double> latencies;
  for (int number = 0; number < workers; ++number) {
    Connection& worker = loop.connect(queue.port(1), queue.framing());
    worker.on_answer([&, works = false](std::string_view answer, double) mutable {
      const bool ended = std::exchange(works, false);
      if (!ended && queue.brings_job(answer)) {
        works = true;
        if (paced.is_warm()) latencies.push_back(paced.age(load::json_string(answer, "sessionKey")));
      }
      worker.send(works ? queue.complete(answer, false) : queue.claim());
    });
    worker.send(queue.claim());
  }
  const double created = paced.run(loop, per_second, seconds);
  std::printf("{\"per_second\": %.1f, \"claimed\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f}\n", created,
              latencies.size(), percentile(latencies, 0.5), percentile(latencies, 0.99));
  return 0;
}

int measure_requests(int port, const std::string& request, int connections, double seconds) {
  Loop loop;
  std::vector<double> latencies;
  for (int number = 0; number < connections; ++number) {
    Connection& connection = loop.connect(port, load::http_answer);
    connection.on_answer([&](std::string_view, double ms) {
      latencies.push_back(ms);
      connection.send(request);
    });
    connection.send(request);
  }
  return measure(loop, seconds, latencies);
}

int measure_fill(Queue& queue, std::size_t jobs) {
  Loop loop;
  std::vector<double> latencies;
  std::size_t sent = 0;
  const auto start = Clock::now();
  for (std::size_t number = 0; number < std::min<std::size_t>(jobs, 32); ++number) {
    Connection& connection = loop.connect(queue.port(number), queue.framing());
    connection.on_answer([&](std::string_view, double ms) {
      latencies.push_back(ms);
      if (sent == jobs) return;
      ++sent;
      connection.send(queue.create());
    });
    ++sent;
    connection.send(queue.create());
  }
  loop.run_until([&] { return latencies.size() == jobs; });
  print(jobs, milliseconds(Clock::now() - start) / 1000, latencies);
  return 0;
}

int measure_claims(const Queue& queue, std::size_t jobs) {
  Loop loop;
  std::vector<double> latencies;
  Connection& worker = loop.connect(queue.port(0), queue.framing());
  worker.on_answer([&](std::string_view answer, double ms) {
    if (!queue.brings_job(answer)) throw std::runtime_error("no job came: " + std::string(answer));
    latencies.push_back(ms);
    if (latencies.size() < jobs) worker.send(queue.claim());
  });
  const auto start = Clock::now();
  worker.send(queue.claim());
  loop.run_until([&] { return latencies.size() == jobs; });
  print(jobs, milliseconds(Clock::now() - start) / 1000, latencies);
  return 0;
}

std::string worker_token_of(const std::string& queue) { return queue.substr(queue.rfind(':') + 1); }

int measure_deltas(Queue& queue, const std::string& worker_token, int jobs, double seconds) {
  Loop loop;
  Speakers speakers(loop, queue, worker_token, jobs, events_in_batch);
  speakers.begin();
  return measure(loop, seconds, speakers.latencies(), events_in_batch);
}

/// As lifecycles, while so many other jobs run and say so much at a time, or nothing.
int measure_beside(Queue& queue, const std::string& worker_token, int pairs, std::size_t deltas,
                   double seconds) {
  Loop loop;
  std::vector<Connection*> connections;
  connections.reserve(2 * static_cast<std::size_t>(pairs));
  for (int number = 0; number < 2 * pairs; ++number) {
    connections.push_back(&loop.connect(queue.port(0), queue.framing()));
  }
  Speakers speakers(loop, queue, worker_token, pairs, deltas);
  Lifecycles lifecycles(queue);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    if (i % 2 == 0) lifecycles.add_worker(*connections[i]);
    if (i % 2 == 1) lifecycles.add_producer(*connections[i]);
  }
  if (deltas > 0) speakers.begin();
  return measure(loop, seconds, lifecycles.latencies());
}

int usage() {
  std::fputs("usage: see the head of bench/load.cpp\n", stderr);
  return 2;
}

int run(const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words[0];
  if (words.size() == 3 && what == "fsync") return load::measure_fsync(words[1], std::stod(words[2]));
  if (words.size() == 2 && what == "spin") return load::measure_spin(std::stod(words[1]));
  if (words.size() == 7 && what == "requests") {
    return measure_requests(std::stoi(words[1]), load::http_request(words[2], words[3], words[4]),
                            std::stoi(words[5]), std::stod(words[6]));
  }
  if (words.size() < 3) return usage();
  const auto queue = load::queue_of(words[1]);
  const auto number = [&words](std::size_t place) { return std::stoi(words.at(place)); };
  if (words.size() == 3 && what == "pickup") return measure_pickup(*queue, number(2));
  if (words.size() == 3 && what == "claims") return measure_claims(*queue, std::stoul(words[2]));
  if (what == "fill" && words.size() < 5) {
    if (words.size() == 4) queue->use_session(words[3]);
    return measure_fill(*queue, std::stoul(words[2]));
  }
  if (words.size() == 4 && what == "creates") return measure_creates(*queue, number(2), std::stod(words[3]));
  if (words.size() == 4 && what == "deltas") {
    return measure_deltas(*queue, worker_token_of(words[1]), number(2), std::stod(words[3]));
  }
  if (words.size() == 5 && what == "lifecycles") {
    return measure_lifecycles(*queue, number(2), number(3), std::stod(words[4]));
  }
  if (words.size() == 5 && what == "beside") {
    return measure_beside(*queue, worker_token_of(words[1]), number(2), std::stoul(words[3]),
                          std::stod(words[4]));
  }
  if (words.size() == 5 && what == "wakeups") {
    return measure_wakeups(*queue, number(2), std::stod(words[3]), std::stod(words[4]));
  }
  return usage();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
