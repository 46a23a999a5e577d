// Loads the orchestrator over HTTP and prints one JSON line with rate and latencies.
//
//   butler_load fsync   FOLDER SECONDS                        rate of 4 KiB append + fdatasync (F)
//   butler_load spin    SECONDS                               how fast this core counts now
//   butler_load creates HOST PORT TOKEN CONNECTIONS SECONDS   durable POST /v1/jobs
//   butler_load pickup  HOST PORT TOKEN WORKER_TOKEN COUNT    from POST /v1/jobs to the waiting claim's
//   answer

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// A blocking HTTP/1.1 connection that is kept open.
class Connection {
 public:
  Connection(const std::string& host, const std::string& port) : host_(host + ":" + port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to " + host_ + ": " + std::strerror(errno));
    }
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Returns the body of the answer; throws unless it is 2xx.
  std::string call(const std::string& path, const std::string& token, const std::string& body) {
    const std::string request =
        "POST " + path + " HTTP/1.1\r\nhost: " + host_ + "\r\nx-api-key: " + token +
        "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    for (std::size_t sent = 0; sent < request.size();) {
      const ssize_t count = send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) throw std::runtime_error("the server closed the connection");
      sent += static_cast<std::size_t>(count);
    }
    return answer();
  }

 private:
  std::string answer() {
    std::string bytes;
    std::size_t head_end = std::string::npos;
    while ((head_end = bytes.find("\r\n\r\n")) == std::string::npos) read_into(bytes);
    std::string head = bytes.substr(0, head_end + 2);
    std::ranges::transform(head, head.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto field = head.find("content-length: ");
    if (field == std::string::npos) throw std::runtime_error("an answer without content-length");
    const auto length = std::stoul(head.substr(field + std::strlen("content-length: ")));
    while (bytes.size() < head_end + 4 + length) read_into(bytes);
    if (head.compare(9, 1, "2") != 0) throw std::runtime_error("refused: " + bytes);
    return bytes.substr(head_end + 4, length);
  }

  void read_into(std::string& bytes) {
    std::array<char, 16'384> buffer{};
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) throw std::runtime_error("the server closed the connection");
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }

  int socket_ = -1;
  std::string host_;
};

double percentile(std::vector<double>& sorted_later, double fraction) {
  if (sorted_later.empty()) return 0;
  std::ranges::sort(sorted_later);
  const auto index = static_cast<std::size_t>(fraction * static_cast<double>(sorted_later.size() - 1));
  return sorted_later[index];
}

void print(std::size_t count, double seconds, std::vector<double>& latencies) {
  std::printf(
      "{\"count\": %zu, \"per_second\": %.1f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", count,
      static_cast<double>(count) / seconds, percentile(latencies, 0.5), percentile(latencies, 0.99),
      percentile(latencies, 1.0));
}

/// Each run has sessions of its own: one that an earlier run left running would hold its next job back.
std::string job_body(const std::string& name) {
  static const std::string run = std::to_string(Clock::now().time_since_epoch().count()) + "-";
  const std::string session = run + name;
  return R"({"prompt":"measure","channel":"api","chatId":"1","requesterId":"1","sessionKey":")" + session +
         "\"}";
}

int measure_fsync(const std::string& folder, double seconds) {
  const std::string path = folder + "/fsync-rate.tmp";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot write in " + folder);
  const std::vector<char> block(4096, 'x');
  std::vector<double> latencies;
  const auto start = Clock::now();
  while (milliseconds(Clock::now() - start) < seconds * 1000) {
    const auto before = Clock::now();
    if (write(file, block.data(), block.size()) < 0 || fdatasync(file) != 0)
      throw std::runtime_error("write failed");
    latencies.push_back(milliseconds(Clock::now() - before));
  }
  const double took = milliseconds(Clock::now() - start) / 1000;
  close(file);
  unlink(path.c_str());
  print(latencies.size(), took, latencies);
  return 0;
}

int measure_spin(double seconds) {
  std::uint64_t state = 1;
  std::size_t rounds = 0;
  const auto start = Clock::now();
  while (milliseconds(Clock::now() - start) < seconds * 1000) {
    for (int i = 0; i < 100'000; ++i) state = state * 6364136223846793005U + 1442695040888963407U;
    ++rounds;
  }
  std::printf("{\"rounds_per_second\": %.1f, \"state\": %llu}\n", static_cast<double>(rounds) / seconds,
              static_cast<unsigned long long>(state));
  return 0;
}

int measure_creates(const std::string& host, const std::string& port, const std::string& token,
                    int connections, double seconds) {
  std::mutex mutex;
  std::vector<double> all;
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(connections));
  const auto start = Clock::now();
  for (int number = 0; number < connections; ++number) {
    threads.emplace_back([&, number] {
      Connection connection(host, port);
      std::vector<double> latencies;
      for (std::size_t i = 0; milliseconds(Clock::now() - start) < seconds * 1000; ++i) {
        const auto before = Clock::now();
        connection.call("/v1/jobs", token,
                        job_body("load-" + std::to_string(number) + "-" + std::to_string(i)));
        latencies.push_back(milliseconds(Clock::now() - before));
      }
      const std::scoped_lock lock(mutex);
      all.insert(all.end(), latencies.begin(), latencies.end());
    });
  }
  threads.clear();
  print(all.size(), milliseconds(Clock::now() - start) / 1000, all);
  return 0;
}

/// One worker is parked in a claim; how long after the begin of a create does it have the job? The create's
/// own time is taken in the same rounds: after a pause both sides wake from sleep, which back-to-back creates
/// do not.
int measure_pickup(const std::string& host, const std::string& port, const std::string& token,
                   const std::string& worker_token, int count) {
  Connection producer(host, port);
  Connection worker(host, port);
  std::vector<double> latencies;
  std::vector<double> creates;
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) {
    std::atomic<bool> claiming = false;
    Clock::time_point picked;
    std::string answer;
    std::jthread claimer([&] {
      claiming = true;
      answer = worker.call("/v1/workers/claim", worker_token, R"({"workerId":"load","waitSeconds":20})");
      picked = Clock::now();
    });
    while (!claiming) std::this_thread::yield();
    // The claim has to be parked: give its bytes the time of a few hundred round trips.
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
    const auto before = Clock::now();
    producer.call("/v1/jobs", token, job_body("pickup-" + std::to_string(i)));
    creates.push_back(milliseconds(Clock::now() - before));
    claimer.join();
    if (answer.find("leaseToken") == std::string::npos) throw std::runtime_error("no job came: " + answer);
    latencies.push_back(milliseconds(picked - before));
  }
  std::printf("{\"create_p50_ms\": %.4f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"seconds\": %.2f}\n",
              percentile(creates, 0.5), percentile(latencies, 0.5), percentile(latencies, 0.99),
              milliseconds(Clock::now() - start) / 1000);
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "fsync") return measure_fsync(words[1], std::stod(words[2]));
  if (words.size() == 2 && words[0] == "spin") return measure_spin(std::stod(words[1]));
  if (words.size() == 6 && words[0] == "creates") {
    return measure_creates(words[1], words[2], words[3], std::stoi(words[4]), std::stod(words[5]));
  }
  if (words.size() == 6 && words[0] == "pickup") {
    return measure_pickup(words[1], words[2], words[3], words[4], std::stoi(words[5]));
  }
  std::fputs("usage: see the head of bench/load.cpp\n", stderr);
  return 2;
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
