#include "metrics/process_metrics.hpp"

#include <gmock/gmock.h>

namespace butler::metrics::process_metrics_test {
namespace {

TEST(ProcessMetrics, TellWhatRunsAndWhatItUses) {
  Registry registry;
  add_process_metrics(registry);

  const std::string text = registry.text();

  EXPECT_THAT(text, testing::ContainsRegex("\nbutler_build_info\\{version=\"[0-9.]+\"\\} 1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nprocess_resident_memory_bytes [1-9][0-9]{5,}\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nprocess_open_fds [1-9]"));
  EXPECT_THAT(text, testing::ContainsRegex("\nprocess_start_time_seconds 1[0-9]{9}"));
}

}  // namespace
}  // namespace butler::metrics::process_metrics_test
