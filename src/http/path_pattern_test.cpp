#include "http/path_pattern.hpp"

#include <gmock/gmock.h>

namespace butler::http::path_pattern_test {
namespace {

using Parameters = std::optional<std::vector<std::string>>;

struct Match {
  const char* pattern;
  const char* path;
  Parameters parameters;
};

class PathPattern : public testing::TestWithParam<Match> {};

TEST_P(PathPattern, MatchesSegmentBySegment) {
  EXPECT_EQ(match_path(GetParam().pattern, GetParam().path), GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(Paths, PathPattern,
                         testing::Values(Match{"/health", "/health", {{}}}, Match{"/health", "/healthy", {}},
                                         Match{"/health", "/health/more", {}}, Match{"/v1/jobs", "/v1", {}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/a%20b", {{"a b"}}},
                                         Match{"/v1/jobs/:id/x/:name", "/v1/jobs/1/x/2", {{"1", "2"}}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/:ie", {{":ie"}}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/", {}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/%zz", {}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/%00", {}},
                                         Match{"/v1/jobs/:id", "/v1/jobs/..%2f", {{"../"}}}),
                         [](const auto& instance) { return "P" + std::to_string(instance.index); });

}  // namespace
}  // namespace butler::http::path_pattern_test
