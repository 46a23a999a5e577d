#include <gtest/gtest.h>

#include <ostream>

#include "gateway/job_search.hpp"

namespace butler::gateway::job_scope_test {

namespace {

using domain::Action;
using telegram::ChatType;

constexpr std::int64_t asker = 42;
constexpr std::int64_t group = -100;

struct Case {
  std::string name;
  Speaker speaker;
  ChatType chat_type;
  JobScope to_name;
  JobScope to_decide;
  JobScope to_stop;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

class JobScopeTest : public testing::TestWithParam<Case> {};

TEST_P(JobScopeTest, IsWhatTheOneWhoAsksMaySee) {
  const bool in_private = GetParam().chat_type == ChatType::private_chat;
  ControlRequest request{.lane = {.chat_id = in_private ? asker : group}, .speaker = GetParam().speaker};
  request.person.id = asker;
  request.message.chat_type = GetParam().chat_type;

  EXPECT_EQ(jobs_to_name(request), GetParam().to_name);
  EXPECT_EQ(jobs_to_mean(request, Action::decide), GetParam().to_decide);
  EXPECT_EQ(jobs_to_mean(request, Action::abort), GetParam().to_stop);
}

const JobScope everything{};
const JobScope commands_everywhere{.kind = domain::JobKind::run};
const JobScope own_in_private{.chat_id = asker, .requester_id = asker};
const JobScope own_in_group{.chat_id = group, .requester_id = asker};
const JobScope all_of_chat{.chat_id = asker};
const JobScope all_of_group{.chat_id = group};

INSTANTIATE_TEST_SUITE_P(Table, JobScopeTest,
                         testing::Values(Case{"OfAnOwnerInPrivate", Speaker::owner, ChatType::private_chat,
                                              everything, commands_everywhere, all_of_chat},
                                         Case{"OfAnOwnerInAGroup", Speaker::owner, ChatType::supergroup,
                                              all_of_group, all_of_group, all_of_group},
                                         Case{"OfAPersonInPrivate", Speaker::person, ChatType::private_chat,
                                              own_in_private, own_in_private, own_in_private},
                                         Case{"OfAPersonInAGroup", Speaker::person, ChatType::group,
                                              own_in_group, own_in_group, own_in_group},
                                         Case{"OfNobodyIsAPersonsAtMost", Speaker::nobody,
                                              ChatType::private_chat, own_in_private, own_in_private,
                                              own_in_private}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace

}  // namespace butler::gateway::job_scope_test
