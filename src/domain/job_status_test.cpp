#include "domain/job_status.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"

namespace butler::domain::job_status_test {
namespace {

using enum JobStatus;

constexpr std::array statuses{needs_approval, queued, running, aborting, completed, failed, aborted};
constexpr std::array actions{
    JobAction::approve,  JobAction::abort, JobAction::claim,   JobAction::append_events,
    JobAction::complete, JobAction::fail,  JobAction::requeue, JobAction::acknowledge_abort};

std::string cell_text(JobStatus status, JobAction action) {
  const auto cell = transition(status, action);
  if (cell.verdict != Verdict::move) return std::string{enum_name(cell.verdict)};
  return std::string{enum_name(cell.to)} + ": " + std::string{enum_name(cell.event)};
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, '|');) {
    const auto from = cell.find_first_not_of(' ');
    if (from == std::string::npos) continue;
    cells.push_back(cell.substr(from, cell.find_last_not_of(' ') - from + 1));
  }
  return cells;
}

/// The table of docs/job-lifecycle.md: action → status → cell.
std::map<std::string, std::map<std::string, std::string>> documented_table() {
  std::ifstream file(BUTLER_SOURCE_DIR "/docs/job-lifecycle.md");
  std::map<std::string, std::map<std::string, std::string>> table;
  std::vector<std::string> header;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ")) continue;
    const auto cells = cells_of(line);
    if (cells.front() == "action") header = cells;
    if (header.empty() || cells.front() == "action" || cells.front() == "---") continue;
    for (std::size_t i = 1; i < cells.size(); ++i) table[cells[0]][header.at(i)] = cells[i];
  }
  return table;
}

TEST(JobLifecycle, TheDocumentedTableIsTheCodesTableCellByCell) {
  const auto documented = documented_table();
  ASSERT_EQ(documented.size(), actions.size());
  for (const auto action : actions) {
    for (const auto status : statuses) {
      const std::string row{enum_name(action)};
      const std::string column{enum_name(status)};
      EXPECT_EQ(documented.at(row).at(column), cell_text(status, action))
          << row << " of a job that is " << column;
    }
  }
}

struct Cell {
  JobAction action;
  JobStatus from;
  Transition expected;
};

TEST(JobLifecycle, EachMoveOfTheContractIsInTheTable) {
  constexpr auto moves_to = [](JobStatus to, EventType event) {
    return Transition{Verdict::move, to, event};
  };
  const std::vector<Cell> cells{
      {JobAction::approve, needs_approval, moves_to(queued, EventType::job_approved)},
      {JobAction::abort, needs_approval, moves_to(aborted, EventType::job_aborted)},
      {JobAction::abort, queued, moves_to(aborted, EventType::job_aborted)},
      {JobAction::abort, running, moves_to(aborting, EventType::log)},
      {JobAction::claim, queued, moves_to(running, EventType::job_started)},
      {JobAction::complete, running, moves_to(completed, EventType::job_finished)},
      {JobAction::complete, aborting, moves_to(aborted, EventType::job_aborted)},
      {JobAction::fail, running, moves_to(failed, EventType::job_failed)},
      {JobAction::fail, aborting, moves_to(aborted, EventType::job_aborted)},
      {JobAction::requeue, running, moves_to(queued, EventType::job_requeued)},
      {JobAction::requeue, aborting, moves_to(aborted, EventType::job_aborted)},
      {JobAction::acknowledge_abort, running, moves_to(aborted, EventType::job_aborted)},
      {JobAction::acknowledge_abort, aborting, moves_to(aborted, EventType::job_aborted)},
  };
  std::size_t moves = 0;
  for (const auto action : actions) {
    for (const auto status : statuses) moves += transition(status, action).verdict == Verdict::move ? 1U : 0U;
  }
  EXPECT_EQ(moves, cells.size());
  for (const auto& cell : cells) {
    EXPECT_EQ(transition(cell.from, cell.action), cell.expected)
        << enum_name(cell.action) << " of a job that is " << enum_name(cell.from);
  }
}

TEST(JobLifecycle, ATerminalJobNeverChangesAgain) {
  for (const auto status : statuses) {
    if (!is_terminal(status)) continue;
    for (const auto action : actions) EXPECT_NE(transition(status, action).verdict, Verdict::move);
  }
}

TEST(JobLifecycle, EveryWalkThroughTheTableEndsAndNeverRunsWithoutAClaim) {
  std::mt19937 random(20261122);
  for (int walk = 0; walk < 20'000; ++walk) {
    JobStatus status = walk % 2 == 0 ? needs_approval : queued;
    bool approved = status == queued;
    bool claimed = false;
    for (int step = 0; step < 40; ++step) {
      const auto action = actions.at(random() % actions.size());
      const auto cell = transition(status, action);
      if (cell.verdict != Verdict::move) continue;
      ASSERT_FALSE(is_terminal(status));
      approved = approved || action == JobAction::approve;
      if (action == JobAction::claim) claimed = true;
      if (cell.to == running) ASSERT_TRUE(approved && action == JobAction::claim);
      if (cell.to == completed || cell.to == failed) ASSERT_TRUE(claimed && status == running);
      if (cell.to == queued) claimed = false;
      status = cell.to;
    }
    // Whatever happened before, an abort and its acknowledgement end the job.
    if (transition(status, JobAction::abort).verdict == Verdict::move) {
      status = transition(status, JobAction::abort).to;
    }
    if (status == aborting) status = transition(status, JobAction::acknowledge_abort).to;
    ASSERT_TRUE(is_terminal(status));
  }
}

TEST(LostAttempt, OnlyAnAttemptThatCannotHaveActedOrWaitsForADecisionIsRepeated) {
  struct Row {
    AttemptFacts facts;
    LostAttempt expected;
  };
  const std::vector<Row> rows{
      //         activity, no token, awaits, open call
      {{running, false, false, false, false, 1, 3}, LostAttempt::repeat},
      {{running, false, false, false, false, 2, 3}, LostAttempt::repeat},
      {{running, false, false, false, false, 3, 3}, LostAttempt::fail},
      {{running, true, false, false, false, 1, 3}, LostAttempt::fail},
      {{running, true, false, false, true, 1, 3}, LostAttempt::fail},
      {{running, false, true, false, false, 1, 3}, LostAttempt::fail},
      {{running, false, false, true, false, 1, 3}, LostAttempt::resume},
      {{running, true, false, true, false, 1, 3}, LostAttempt::resume},
      {{running, true, false, true, false, 3, 3}, LostAttempt::resume},
      {{running, true, false, true, true, 1, 3}, LostAttempt::fail},
      {{running, false, true, true, false, 1, 3}, LostAttempt::fail},
      {{aborting, false, false, false, false, 1, 3}, LostAttempt::abort},
      {{aborting, true, true, true, true, 3, 3}, LostAttempt::abort},
  };
  for (const auto& row : rows) EXPECT_EQ(attempt_lost(row.facts), row.expected);
}

TEST(Activity, LogAndUsageAreNoneAndEverythingTheAgentDoesIsSome) {
  EXPECT_FALSE(is_activity(EventType::log));
  EXPECT_FALSE(is_activity(EventType::usage));
  for (const auto type : {EventType::agent_text_delta, EventType::agent_thinking_delta, EventType::tool_start,
                          EventType::tool_update, EventType::tool_end, EventType::artifact_added}) {
    EXPECT_TRUE(is_activity(type)) << enum_name(type);
  }
}

}  // namespace
}  // namespace butler::domain::job_status_test
