#include "backup/record_files.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace butler::backup::record_files_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const RecordFile& file_named(std::string_view name) {
  const auto files = orchestrator_record_files();
  return *std::ranges::find(files, name, &RecordFile::name);
}

TEST(RecordFiles, NothingThatIsSecretIsAmongTheColumns) {
  for (const auto files : {orchestrator_record_files(), gateway_record_files()}) {
    for (const auto& file : files) {
      EXPECT_THAT(std::string{file.tables}, Not(HasSubstr("leases")));
      EXPECT_THAT(std::string{file.tables}, Not(HasSubstr("pairing")));
      EXPECT_THAT(std::string{file.tables}, Not(HasSubstr("buttons")));
      for (const auto& column : file.columns)
        EXPECT_THAT(std::string{column.expression}, Not(HasSubstr("token"))) << file.name;
    }
  }
}

TEST(RecordFiles, APageFollowsTheRowBefore) {
  const auto& events = file_named("events.jsonl");
  EXPECT_THAT(page_sql(events, "json_array", nullptr), Not(HasSubstr(") > (")));
  EXPECT_THAT(page_sql(events, "json_array", json::Array{7, 3, "x"}),
              HasSubstr("AND (r.job_row, r.seq) > (7, 3) ORDER BY r.job_row, r.seq LIMIT"));
  const auto& sessions = gateway_record_files().back();
  EXPECT_THAT(page_sql(sessions, "json_array", json::Array{"it's", 0}),
              HasSubstr("(route_key, 0) > ('it''s', 0) ORDER BY route_key LIMIT"));
}

TEST(RecordFiles, ARowBecomesARecordWithItsOwnTypes) {
  const auto& events = file_named("events.jsonl");
  EXPECT_EQ(json::serialize(to_record(events, {1, 2, "j1", 2, "log", 1'000, nullptr, R"({"a":1})"})),
            R"({"jobId":"j1","seq":2,"type":"log","ts":"1970-01-01T00:00:01.000Z","data":{"a":1}})");
  const auto& messages = file_named("messages.jsonl");
  EXPECT_EQ(
      json::serialize(to_record(messages, {1, 2, "j1", 2, "steer", "hi", 1, 0})),
      R"({"jobId":"j1","seq":2,"mode":"steer","text":"hi","acknowledged":true,"createdAt":"1970-01-01T00:00:00.000Z"})");
}

}  // namespace
}  // namespace butler::backup::record_files_test
