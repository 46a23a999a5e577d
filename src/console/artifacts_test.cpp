#include "console/artifacts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace butler::console::artifacts_test {
namespace {

TEST(ArtifactTable, TellsNameSizeKindAndSourceOnOneLineEach) {
  const std::array artifacts{
      api::Artifact{.name = "1-photo.jpg",
                    .size = 3'500'000,
                    .content_type = "image/jpeg",
                    .kind = api::ArtifactKind::photo,
                    .caption = "a\ncat\x1b[31m"},
      api::Artifact{.name = "plot.csv",
                    .size = 1'025,
                    .content_type = "text/csv",
                    .source = api::ArtifactSource::worker},
      api::Artifact{.name = "empty", .size = 0, .content_type = "text/plain"},
  };

  const auto table = artifact_table(artifacts, 0);

  EXPECT_NE(table.find("1-photo.jpg  3.3 MiB  photo"), std::string::npos) << table;
  EXPECT_NE(table.find("2 KiB"), std::string::npos) << table;
  EXPECT_NE(table.find("0 B"), std::string::npos) << table;
  EXPECT_NE(table.find("text/csv"), std::string::npos) << table;
  EXPECT_NE(table.find("made"), std::string::npos) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace butler::console::artifacts_test
