#include "load_figures.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "load_loop.hpp"

namespace load {

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

}  // namespace load
