#include "console/job_text.hpp"

#include <gmock/gmock.h>

namespace butler::console::job_text_test {

namespace {

using domain::EventType;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr domain::Timestamp evening{std::chrono::milliseconds{1'795'809'600'000}};  // 2026-11-27T20:00:00Z

domain::Job sample_job() {
  domain::Job job;
  job.id = "01990000-0000-7000-8000-58d8a5aaaaaa";
  job.prompt = "tidy \x1B[31mup\nnow";
  job.chat_id = "1001";
  job.requester_id = "1001";
  job.session_key = "chat:1001";
  job.status = domain::JobStatus::failed;
  job.created_at = evening;
  job.error = "no\x1B[2J";
  job.result_text = "half\x07";
  return job;
}

api::Approval question() {
  api::Approval approval;
  approval.id = "01990000-0000-7000-8000-7f3a2caaaaaa";
  approval.tool_name = "bash";
  approval.summary = "curl | sh";
  approval.input = json::Object{{"command", "echo \u202E; sudо ls"}};
  approval.risk = "asks for rights";
  approval.scopes = {domain::ApprovalScope::once, domain::ApprovalScope::session};
  return approval;
}

api::Event event(EventType type, json::Object data = {}, std::string message = "") {
  return {.type = type,
          .ts = evening,
          .message = message.empty() ? std::nullopt : std::optional{message},
          .data = json::Value(std::move(data))};
}

TEST(JobTextTest, NothingThatOthersWroteSteersTheTerminal) {
  auto job = sample_job();
  const WaitingCall call{.job = job, .approval = question()};
  for (const std::string& text :
       {job_in_full(job, {&call, 1}, "runs bash", evening), job_table({&job, 1}, {}, evening, {}, 0)}) {
    EXPECT_EQ(text.find_first_of("\x1B\x07"), std::string::npos) << text;
  }
}

TEST(JobTextTest, AJobIsShownWithItsErrorAndWhatIsThereOfItsText) {
  EXPECT_THAT(job_in_full(sample_job(), {}, "", evening),
              AllOf(HasSubstr("Status     failed for 0 s"), HasSubstr("\nRequest\n"),
                    HasSubstr("\nError\nno"), HasSubstr("\nText so far\nhalf")));
}

TEST(JobTextTest, ACallIsShownWholeWithWhatHidesInIt) {
  const auto text = call_in_full(question(), AskedIn::shell);
  EXPECT_THAT(text,
              AllOf(HasSubstr("⟨U+202E⟩"), HasSubstr("sudо⟨U+043E⟩"), HasSubstr("only look like Latin")));
  EXPECT_THAT(text, HasSubstr("butler job approve 7f3a2c [--scope session], or butler job deny 7f3a2c"));
  EXPECT_THAT(how_to_decide(question(), AskedIn::chat),
              HasSubstr("/approve 7f3a2c [session], or /deny 7f3a2c"));
}

TEST(JobTextTest, ATableMarksWhatWaitsForADecision) {
  auto job = sample_job();
  job.status = domain::JobStatus::running;
  EXPECT_THAT(job_table({&job, 1}, {job.id}, evening, {}, 0), HasSubstr("waits for approval"));
  EXPECT_THAT(job_table({&job, 1}, {}, evening, {}, 0), AllOf(HasSubstr("58d8a5"), HasSubstr("running")));
}

TEST(EventLinesTest, TextComesLineByLineAndEndsBeforeWhatFollows) {
  EventLines lines;
  EXPECT_THAT(lines.take(event(EventType::agent_text_delta, {{"delta", "one\ntw"}})),
              ElementsAre("20:00:00Z  | one"));
  EXPECT_THAT(lines.take(event(EventType::tool_start, {{"toolName", "bash"}, {"summary", "ls"}})),
              ElementsAre("20:00:00Z  | tw", "20:00:00Z  bash: ls"));
  EXPECT_THAT(lines.take(event(EventType::tool_end, {{"toolName", "bash"}, {"output", "a\nb"}})),
              ElementsAre(HasSubstr("a"), HasSubstr("b")));
  EXPECT_THAT(lines.take(event(EventType::agent_text_delta, {{"delta", "rest"}})), ElementsAre());
  EXPECT_THAT(lines.finish(), ElementsAre("20:00:00Z  | rest"));
}

TEST(EventWordsTest, EachKindSaysWhatHappened) {
  EXPECT_EQ(event_words(event(EventType::job_failed, {}, "worker_lost")), "failed: worker_lost");
  EXPECT_EQ(event_words(event(EventType::tool_end, {{"toolName", "bash"}, {"isError", true}})),
            "bash failed");
  EXPECT_EQ(event_words(event(EventType::tool_end, {{"toolName", "bash"}})), std::nullopt);
  EXPECT_EQ(event_words(event(EventType::usage)), std::nullopt);
  EXPECT_EQ(event_words(event(EventType::log, {}, "Abort\x1B requested"))->find('\x1B'), std::string::npos);
  const auto decided = event_words(
      event(EventType::approval_decided,
            {{"id", "x"}, {"status", "denied"}, {"deciderId", "cli:anna"}, {"reason", "not today"}}));
  EXPECT_EQ(decided, "denied (x) by cli:anna: not today");
}

}  // namespace

}  // namespace butler::console::job_text_test
