#include "metrics/registry.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>

namespace butler::metrics::registry_test {
namespace {

using testing::HasSubstr;

TEST(MetricsText, ACounterHasHelpTypeAndValue) {
  Registry registry;
  auto& jobs = registry.counter({"butler_jobs_total", "Jobs made."});
  jobs.add();
  jobs.add(41);

  EXPECT_EQ(registry.text(),
            "# HELP butler_jobs_total Jobs made.\n"
            "# TYPE butler_jobs_total counter\n"
            "butler_jobs_total 42\n");
}

TEST(MetricsText, LabelsComeInTheOrderOfTheirNames) {
  Registry registry;
  auto& requests = registry.counters({"butler_requests_total", "Requests.", {"route", "status"}});
  requests.with({"/v1/jobs", "201"}).add();
  requests.with({"/health", "200"}).add(2);
  requests.with({"/v1/jobs", "201"}).add();

  EXPECT_THAT(registry.text(), HasSubstr("counter\n"
                                         "butler_requests_total{route=\"/health\",status=\"200\"} 2\n"
                                         "butler_requests_total{route=\"/v1/jobs\",status=\"201\"} 2\n"));
}

TEST(MetricsText, WhatWouldBreakALineIsEscaped) {
  Registry registry;
  auto& family = registry.gauges({"butler_odd", "Back\\slash, \"quotes\"\nand a line.", {"text"}});
  family.with({"a\"b\\c\nd"}).set(1);

  EXPECT_EQ(registry.text(),
            "# HELP butler_odd Back\\\\slash, \"quotes\"\\nand a line.\n"
            "# TYPE butler_odd gauge\n"
            "butler_odd{text=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(MetricsText, TheBucketsOfAHistogramAddUp) {
  Registry registry;
  auto& seconds = registry.histograms({"butler_seconds", "Time.", {"of"}}, {0.1, 1}).with({"commit"});
  for (const double value : {0.05, 0.1, 0.5, 3.0}) seconds.observe(value);

  EXPECT_THAT(registry.text(), HasSubstr("# TYPE butler_seconds histogram\n"
                                         "butler_seconds_bucket{of=\"commit\",le=\"0.1\"} 2\n"
                                         "butler_seconds_bucket{of=\"commit\",le=\"1\"} 3\n"
                                         "butler_seconds_bucket{of=\"commit\",le=\"+Inf\"} 4\n"
                                         "butler_seconds_sum{of=\"commit\"} 3.65\n"
                                         "butler_seconds_count{of=\"commit\"} 4\n"));
}

TEST(MetricsText, AHistogramWithoutObservationsIsThereWithNoughts) {
  Registry registry;
  registry.histogram({"butler_seconds", "Time."}, {1});

  EXPECT_THAT(registry.text(), HasSubstr("butler_seconds_bucket{le=\"1\"} 0\n"
                                         "butler_seconds_bucket{le=\"+Inf\"} 0\n"
                                         "butler_seconds_sum 0\n"
                                         "butler_seconds_count 0\n"));
}

struct Number {
  double value;
  const char* text;
};

class MetricsNumber : public testing::TestWithParam<Number> {};

TEST_P(MetricsNumber, IsWrittenAs) {
  Registry registry;
  registry.gauge({"butler_number", "A number."}).set(GetParam().value);

  EXPECT_THAT(registry.text(), HasSubstr(std::string{"\nbutler_number "} + GetParam().text + "\n"));
}

INSTANTIATE_TEST_SUITE_P(Numbers, MetricsNumber,
                         testing::Values(Number{0, "0"}, Number{-3, "-3"}, Number{0.25, "0.25"},
                                         Number{1e6, "1000000"}, Number{1732570000.5, "1732570000.5"},
                                         Number{1e300, "1e+300"},
                                         Number{std::numeric_limits<double>::infinity(), "+Inf"},
                                         Number{-std::numeric_limits<double>::infinity(), "-Inf"},
                                         Number{std::numeric_limits<double>::quiet_NaN(), "NaN"}),
                         [](const auto& instance) { return "N" + std::to_string(instance.index); });

TEST(MetricsRegistry, AGaugeIsRefreshedBeforeEachText) {
  Registry registry;
  auto& gauge = registry.gauge({"butler_parked", "Parked requests."});
  int parked = 0;
  registry.before_text([&] { gauge.set(parked); });

  parked = 7;
  EXPECT_THAT(registry.text(), HasSubstr("butler_parked 7\n"));
  parked = 8;
  EXPECT_THAT(registry.text(), HasSubstr("butler_parked 8\n"));
}

TEST(MetricsRegistry, AMistakeInANameIsAFault) {
  Registry registry;
  registry.counter({"butler_once", "Once."});

  EXPECT_THROW(registry.counter({"butler_once", "Twice."}), std::logic_error);
  EXPECT_THROW(registry.counter({"butler-dash", "No."}), std::logic_error);
  EXPECT_THROW(registry.counter({"", "No."}), std::logic_error);
  EXPECT_THROW(registry.gauges({"butler_label", "No.", {"le"}}), std::logic_error);
  EXPECT_THROW(registry.gauges({"butler_label", "No.", {"__own"}}), std::logic_error);
  EXPECT_THROW(registry.gauges({"butler_two", "No.", {"a", "b"}}).with({"1"}), std::logic_error);
  EXPECT_THROW(registry.histogram({"butler_fall", "No."}, {2, 1}), std::logic_error);
}

}  // namespace
}  // namespace butler::metrics::registry_test
