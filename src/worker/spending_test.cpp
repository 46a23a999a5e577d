#include "worker/spending.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "worker/test_support.hpp"

namespace butler::worker::spending_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::file_content;
using testing_support::write_file;

constexpr domain::Usd cents(std::int64_t count) { return {count * (domain::Usd::one / 100)}; }

model_proxy::Charge charge(const std::string& job, std::optional<domain::Usd> cost) {
  return {
      .job = job, .model = "mock-1", .usage = {.input = 10, .output = 2}, .estimated = false, .cost = cost};
}

class SpendingTest : public testing::Test {
 protected:
  SpendingTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  Spending open() {
    return Spending(folder.path() / "spending", [this] { return now; });
  }
  fs::path file(const std::string& date) const { return folder.path() / "spending" / (date + ".jsonl"); }

  testing_support::TempFolder folder;
  domain::Timestamp now = domain::from_iso8601("2026-11-25T12:00:00.000Z").value();
};

TEST_F(SpendingTest, OutlivesTheWorker) {
  {
    auto spending = open();
    spending.add(charge("job-1", cents(30)));
    spending.add(charge("job-2", cents(12)));
    spending.add(charge("job-1", std::nullopt));
  }
  auto spending = open();
  EXPECT_EQ(spending.spent("job-1").today, cents(42));
  EXPECT_EQ(spending.spent("job-1").job, cents(30));
  EXPECT_EQ(spending.spent("job-3").job, cents(0));
  struct stat status{};
  ASSERT_EQ(::stat(file("2026-11-25").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SpendingTest, ANewDayBeginsAtMidnightButAJobGoesOn) {
  auto spending = open();
  spending.add(charge("job-1", cents(30)));
  now += 11h + 59min;
  EXPECT_EQ(spending.spent("job-1").today, cents(30));
  now += 1min;
  EXPECT_EQ(spending.spent("job-1").today, cents(0));
  EXPECT_EQ(spending.spent("job-1").job, cents(30));
  spending.add(charge("job-1", cents(5)));
  EXPECT_EQ(spending.spent("job-1").today, cents(5));
  EXPECT_EQ(spending.spent("job-1").job, cents(35));
  now += 24h;
  EXPECT_EQ(spending.spent("job-1").job, cents(5));
}

TEST_F(SpendingTest, TheDayIsTheTimeZonesOwn) {
  ::setenv("TZ", "Pacific/Kiritimati", 1);  // UTC+14
  ::tzset();
  auto spending = open();
  spending.add(charge("job-1", cents(1)));
  EXPECT_TRUE(fs::exists(file("2026-11-26")));
}

TEST_F(SpendingTest, WorkersOfOneHomeShareIt) {
  auto one = open();
  auto other = open();
  one.add(charge("job-1", cents(30)));
  other.add(charge("job-2", cents(3)));
  EXPECT_EQ(one.spent("job-1").today, cents(33));
  EXPECT_EQ(other.spent("job-1").today, cents(33));
}

TEST_F(SpendingTest, ALineThatACrashHasCutTakesNoOtherWithIt) {
  {
    open().add(charge("job-1", cents(30)));
  }
  const auto whole = file_content(file("2026-11-25"));
  write_file(file("2026-11-25"), whole + whole.substr(0, whole.size() / 2));
  auto spending = open();
  spending.add(charge("job-2", cents(3)));
  EXPECT_EQ(spending.spent("job-1").today, cents(33));
}

TEST_F(SpendingTest, AFolderThatCannotBeUsedStopsTheStartByName) {
  write_file(folder.path() / "spending", "a file");
  try {
    open();
    FAIL() << "it was taken";
  } catch (const std::exception& fault) {
    EXPECT_THAT(fault.what(), HasSubstr("spending"));
  }
}

TEST_F(SpendingTest, FilesOfLongAgoAreRemoved) {
  fs::create_directory(folder.path() / "spending");
  for (int day = 10; day < 80; ++day) write_file(file("2025-01-" + std::to_string(day)), "");
  open();
  EXPECT_FALSE(fs::exists(file("2025-01-10")));
  EXPECT_TRUE(fs::exists(file("2025-01-79")));
}

TEST(SpendingLine, IsReadAsItWasWrittenAndNothingElseIs) {
  const auto line = spending_line(charge("job-1", cents(3)), domain::Timestamp{});
  const auto entry = read_spending_line(line);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->job, "job-1");
  EXPECT_EQ(entry->amount, cents(3));
  for (const char* const text : {"", "{}", "x", R"({"job":"j","usdBillionths":-5})", R"({"job":5})"}) {
    EXPECT_FALSE(read_spending_line(text)) << text;
  }
}

}  // namespace
}  // namespace butler::worker::spending_test
