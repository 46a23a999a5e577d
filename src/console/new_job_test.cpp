#include "console/new_job.hpp"

#include <gmock/gmock.h>

namespace butler::console::new_job_test {

namespace {

using testing::HasSubstr;

TEST(NewJobTest, ARequestHasTextAndNotTooMuchOfIt) {
  EXPECT_EQ(find_prompt_fault("buy milk"), std::nullopt);
  EXPECT_THAT(find_prompt_fault(" \n").value(), HasSubstr("nothing to do"));
  EXPECT_THAT(find_prompt_fault(std::string(20'001, 'x')).value(), HasSubstr("20001"));
  EXPECT_THAT(find_prompt_fault("\xFF").value(), HasSubstr("UTF-8"));
}

TEST(NewJobTest, ATaskOfTheTerminalIsNobodysInAChat) {
  const auto request = terminal_task("buy milk", "cli:anna:1", "cli:anna");
  EXPECT_EQ(request.channel, domain::Channel::cli);
  EXPECT_EQ(request.requester_id, "cli:anna");
  EXPECT_FALSE(request.deliver_to);
  EXPECT_NE(fresh_session_key("cli:anna"), fresh_session_key("cli:anna"));
}

TEST(NewJobTest, TheSameAgainKeepsWhoAskedAndWhereItsAnswerGoes) {
  domain::Job job;
  job.kind = domain::JobKind::run;
  job.prompt = "du -sh .";
  job.channel = domain::Channel::telegram;
  job.chat_id = "-5";
  job.requester_id = "4242";
  job.session_key = "chat:-5";
  job.requires_approval = true;
  job.metadata = {{"requesterRole", "person"}, {"chatType", "group"}};
  job.deliver_to = "telegram:1";
  const auto request = same_again(job);
  EXPECT_EQ(request.requester_id, "4242") << "with the rights of the one who asked, not the owner's";
  EXPECT_EQ(request.metadata, job.metadata);
  EXPECT_EQ(request.channel, domain::Channel::telegram);
  EXPECT_EQ(request.deliver_to, "telegram:1");
  EXPECT_EQ(request.requires_approval, true);
}

}  // namespace

}  // namespace butler::console::new_job_test
