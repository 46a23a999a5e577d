#include "api/audit.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace butler::api::audit_test {
namespace {

std::vector<AuditRow> chain(int count) {
  std::vector<AuditRow> rows;
  std::string previous{audit_start};
  for (int i = 1; i <= count; ++i) {
    AuditRow row{.seq = i,
                 .ts = domain::Timestamp{std::chrono::milliseconds{1'000 + i}},
                 .actor = "1001",
                 .action = "job.created",
                 .subject = "job-" + std::to_string(i),
                 .details = R"({"kind":"task"})",
                 .previous = previous};
    row.hash = audit_hash(row);
    previous = row.hash;
    rows.push_back(row);
  }
  return rows;
}

/// What is said of the first row that does not fit, with its place in the list.
std::string fault(const std::vector<AuditRow>& rows) {
  AuditCheck check;
  for (const auto& row : rows) {
    if (const auto problem = check.next(row)) return *problem;
  }
  return "";
}

TEST(Audit, TheHashIsOverLengthsAndTextsSoThatNoTwoRowsShareOne) {
  AuditRow one{.seq = 1, .ts = {}, .actor = "ab", .action = "c"};
  AuditRow other{.seq = 1, .ts = {}, .actor = "a", .action = "bc"};
  EXPECT_NE(audit_hash(one), audit_hash(other));
  // As any program computes it: printf '1:1,1:0,2:ab,1:c,0:,0:,0:,' | sha256sum
  EXPECT_EQ(audit_hash(one), "67202cdee5680f9b1296ca228606023294edc5326b921741b34f9d727bb7534d");
}

TEST(Audit, AWholeChainIsAccepted) {
  EXPECT_EQ(fault({}), "");
  EXPECT_EQ(fault(chain(5)), "");
}

TEST(Audit, AChangeOfAnyFieldIsFoundAndItsRowNamed) {
  const auto whole = chain(4);
  const auto changed = [&](auto change) {
    auto rows = whole;
    change(rows[1]);
    return fault(rows);
  };
  for (const auto& said : {changed([](AuditRow& row) { row.ts += std::chrono::milliseconds{1}; }),
                           changed([](AuditRow& row) { row.actor = "2002"; }),
                           changed([](AuditRow& row) { row.action = "job.aborted"; }),
                           changed([](AuditRow& row) { row.subject = "job-3"; }),
                           changed([](AuditRow& row) { row.details = "{}"; }),
                           changed([](AuditRow& row) { row.previous = row.hash; }),
                           changed([](AuditRow& row) { row.hash = row.previous; })}) {
    EXPECT_TRUE(said.starts_with("row 2 ")) << said;
  }
}

TEST(Audit, ARowThatWasChangedTogetherWithItsHashBetraysItselfByTheNext) {
  auto rows = chain(4);
  rows[1].actor = "2002";
  rows[1].hash = audit_hash(rows[1]);
  EXPECT_EQ(fault(rows), "row 3 does not follow the row before it: one of the two was changed");
}

TEST(Audit, AMissingRowIsNamed) {
  auto rows = chain(4);
  rows.erase(rows.begin() + 1);
  EXPECT_EQ(fault(rows), "row 2 is missing: behind it comes row 3");
  rows = chain(3);
  rows.erase(rows.begin());
  EXPECT_EQ(fault(rows), "row 1 is missing: behind it comes row 2");
}

}  // namespace
}  // namespace butler::api::audit_test
