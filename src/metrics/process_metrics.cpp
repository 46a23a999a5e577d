#include "metrics/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace butler::metrics {

namespace {

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double whole = 0;
  double resident = 0;
  file >> whole >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(entries), end(entries))) - 1;  // less the one that reads
}

double descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

void add_process_metrics(Registry& registry) {
  registry.gauges({"butler_build_info", "Always 1; the label says which version runs.", {"version"}})
      .with({BUTLER_VERSION})
      .set(1);
  registry.gauge({"process_start_time_seconds", "When the process started, in seconds since 1970."})
      .set(unix_seconds());
  auto& memory = registry.gauge({"process_resident_memory_bytes", "Memory that is in use."});
  auto& descriptors = registry.gauge({"process_open_fds", "Descriptors that are open."});
  auto& limit = registry.gauge({"process_max_fds", "Descriptors that may be open."});
  auto& processor = registry.counter({"process_cpu_seconds_total", "Processor time that was used."});
  registry.before_text([&] {
    memory.set(resident_bytes());
    descriptors.set(open_descriptors());
    limit.set(descriptor_limit());
    processor.add(processor_seconds() - processor.value());
  });
}

}  // namespace butler::metrics
