#include "migration/schema.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "digest/sha256.hpp"
#include "sqlite/database.hpp"
#include "store/migrations.hpp"

namespace butler::migration::schema_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::array<domain::EmbeddedFile, 2> two_files{
    domain::EmbeddedFile{.name = "0001_a.sql", .content = "CREATE TABLE a (x INTEGER) STRICT;"},
    domain::EmbeddedFile{.name = "0002_b.sql", .content = "CREATE TABLE b (x INTEGER) STRICT;"}};

Applied applied(std::size_t at) {
  return {.version = static_cast<std::int64_t>(at + 1),
          .sha256 = digest::sha256_hex(two_files.at(at).content)};
}

TEST(Schema, IsJudgedByWhatWasApplied) {
  EXPECT_EQ(judge({}, two_files).state, State::absent);
  EXPECT_EQ(judge({applied(0), applied(1)}, two_files).state, State::current);
  const auto old = judge({applied(0)}, two_files);
  EXPECT_EQ(old.state, State::waiting);
  EXPECT_THAT(old.waiting, ElementsAre("0002_b.sql"));
  const auto newer = judge({applied(0), applied(1), {.version = 3, .sha256 = "x"}}, two_files);
  EXPECT_EQ(newer.state, State::newer);
  EXPECT_EQ(newer.version, 3);
  const auto changed = judge({{.version = 1, .sha256 = "other"}}, two_files);
  EXPECT_EQ(changed.state, State::changed);
  EXPECT_EQ(changed.fault, "0001_a.sql");
}

class SchemaOfAFile : public testing::Test {
 protected:
  SchemaOfAFile() {
    std::string pattern = std::filesystem::temp_directory_path() / "butler-schema-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~SchemaOfAFile() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
};

TEST_F(SchemaOfAFile, ALookChangesNothingAndAFileThatIsNotThereIsNotMade) {
  EXPECT_EQ(look_at_file(folder / "state.db", two_files).state, State::absent);
  EXPECT_FALSE(std::filesystem::exists(folder / "state.db"));
}

TEST_F(SchemaOfAFile, IsBroughtUpWithACopyBefore) {
  const auto file = folder / "state.db";
  EXPECT_EQ(bring_up_file(file, std::span{two_files}.first(1)), "");
  EXPECT_EQ(look_at_file(file, two_files).state, State::waiting);
  const auto copy = bring_up_file(file, two_files);
  EXPECT_EQ(copy, folder / "state.db.before-2");
  EXPECT_EQ(look_at_file(file, two_files).state, State::current);
  EXPECT_EQ(look_at_file(copy, two_files).state, State::waiting);
  EXPECT_EQ(bring_up_file(file, two_files), "");
}

TEST_F(SchemaOfAFile, ANewerOneIsRefused) {
  const auto file = folder / "state.db";
  bring_up_file(file, two_files);
  EXPECT_THAT([&] { bring_up_file(file, std::span{two_files}.first(1)); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("newer version of Butler")));
}

TEST_F(SchemaOfAFile, WhatIsNoDatabaseIsUnreadableAndSaysWhy) {
  std::ofstream(folder / "state.db") << std::string(4'096, 'x');
  const auto schema = look_at_file(folder / "state.db", two_files);
  EXPECT_EQ(schema.state, State::unreadable);
  EXPECT_THAT(schema.fault, HasSubstr("not a database"));
  EXPECT_THAT(schema.waiting, IsEmpty());
}

TEST(Schema, BothRolesHaveMigrations) {
  EXPECT_FALSE(gateway_migrations().empty());
  EXPECT_FALSE(store::orchestrator_migrations().empty());
}

}  // namespace
}  // namespace butler::migration::schema_test
