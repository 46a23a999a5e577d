#include "gateway/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/utf8.hpp"
#include "gateway/markdown_code.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::reply_test {

namespace {

using domain::Job;
using domain::JobKind;
using domain::JobStatus;
using testing::HasSubstr;
using testing::SizeIs;

Job job(JobStatus status, std::optional<std::string> text = {}, std::optional<std::string> error = {}) {
  Job made;
  made.id = "0190a0b0-0000-7000-8000-a1b2c3d4e5f6";
  made.status = status;
  made.result_text = std::move(text);
  made.error = std::move(error);
  made.started_at = domain::Timestamp{};
  return made;
}

std::string said(const Job& one, bool denied = false) {
  std::string all;
  for (const auto& part : reply_to_job(wording::Language::en, one, denied))
    all += (all.empty() ? "" : "\n") + part.text;
  return all;
}

TEST(ReplyTest, ACompletedTaskIsItsTextRendered) {
  const auto parts = reply_to_job(wording::Language::en, job(JobStatus::completed, "All **done**."), false);

  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(parts[0].text, "All done.");
  ASSERT_THAT(parts[0].entities, SizeIs(1));
  EXPECT_EQ(parts[0].entities[0].type, "bold");
}

TEST(ReplyTest, AnAnswerWithoutTextSaysSo) {
  EXPECT_EQ(said(job(JobStatus::completed)), "(no text)");
  EXPECT_EQ(said(job(JobStatus::completed, "")), "(no text)");
  EXPECT_EQ(said(job(JobStatus::completed, " \n ")), "(no text)");
}

TEST(ReplyTest, ALongAnswerComesInParts) {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "word ";

  const auto parts = reply_to_job(wording::Language::en, job(JobStatus::completed, text), false);

  EXPECT_GT(parts.size(), 1U);
  for (const auto& part : parts) EXPECT_LE(domain::count_utf16_units(part.text), 4'096U);
}

TEST(ReplyTest, AFailureIsOneSentenceWithItsReasonAndHowToRetry) {
  EXPECT_EQ(said(job(JobStatus::failed, "half", "the model is overloaded.")),
            "That didn't work: the model is overloaded. /retry tries it again.");
  EXPECT_EQ(said(job(JobStatus::failed)), "That didn't work: no reason was given. /retry tries it again.");
}

TEST(ReplyTest, AFailuresReasonIsNotRenderedAndNotEndless) {
  const auto parts = reply_to_job(
      wording::Language::en, job(JobStatus::failed, {}, "**x** _y_\nz " + std::string(8'000, 'e')), false);

  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_THAT(parts[0].text, HasSubstr("**x** _y_ z"));
  EXPECT_THAT(parts[0].entities, SizeIs(0));
}

TEST(ReplyTest, ALostWorkerIsExplained) {
  const std::string text = said(job(JobStatus::failed, "half", "worker_lost"));

  EXPECT_THAT(text, HasSubstr("stopped in the middle"));
  EXPECT_THAT(text, HasSubstr("/retry asks for it again"));
}

TEST(ReplyTest, AStoppedJobKeepsWhatItHadSaid) {
  EXPECT_EQ(said(job(JobStatus::aborted)), "Stopped.");
  EXPECT_EQ(said(job(JobStatus::aborted, "First step done")), "First step done\n\n(stopped)");
}

TEST(ReplyTest, ADeniedCommandIsDenied) {
  Job denied = job(JobStatus::aborted);
  denied.kind = JobKind::run;
  denied.started_at.reset();

  EXPECT_EQ(said(denied, true), wording::denied(wording::Language::en));
  EXPECT_EQ(said(denied, false), "Stopped.");
}

TEST(ReplyTest, ACommandsOutputIsShownAsItIs) {
  Job run = job(JobStatus::completed, "**not bold**\n```\n# no title");
  run.kind = JobKind::run;

  const auto parts = reply_to_job(wording::Language::en, run, false);

  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(parts[0].text, "**not bold**\n```\n# no title");
  ASSERT_THAT(parts[0].entities, SizeIs(1));
  EXPECT_EQ(parts[0].entities[0].type, "pre");
}

TEST(ReplyTest, AFailedCommandShowsItsOutputAndItsStatus) {
  Job run = job(JobStatus::failed, "no such file", "exit status 2");
  run.kind = JobKind::run;

  EXPECT_EQ(said(run), "no such file\nThe command failed: exit status 2. /retry asks for it again.");
}

TEST(PayloadTest, OnlyTheFirstPartRepliesAndEntitiesAreSpelledForTelegram) {
  std::vector<render::Part> parts{
      {.text = "see",
       .entities = {{.type = "text_link", .offset = 0, .length = 3, .url = "https://example.org"}}},
      {.text = "more"}};

  const auto made = payloads(std::move(parts), 7);

  ASSERT_THAT(made, SizeIs(2));
  EXPECT_THAT(
      made[0],
      HasSubstr(R"("entities":[{"type":"text_link","offset":0,"length":3,"url":"https://example.org"}])"));
  EXPECT_THAT(made[0],
              HasSubstr(R"("reply_parameters":{"message_id":7,"allow_sending_without_reply":true})"));
  EXPECT_EQ(made[1], R"({"text":"more","link_preview_options":{"is_disabled":true}})");
}

TEST(ApprovalTest, ShowsTheWholeCommandAndHowToDecide) {
  const auto parts = render::render_markdown(
      wording::approval_request(wording::Language::en, "rm -rf `x` ``` /tmp", "a1b2c3"));

  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_THAT(parts[0].text, HasSubstr("rm -rf `x` ``` /tmp"));
  EXPECT_THAT(parts[0].text, HasSubstr("/approve a1b2c3 to run it, /deny a1b2c3 to refuse."));
}

TEST(ApprovalTest, ALongCommandIsShownToItsEnd) {
  std::string command = "echo ";
  for (int i = 0; i < 1'500; ++i) command += "padding ";
  const auto parts = render::render_markdown(
      wording::approval_request(wording::Language::en, command + "; rm -rf /", "a1b2c3"));

  ASSERT_GT(parts.size(), 1U);
  EXPECT_THAT(parts.back().text, HasSubstr("; rm -rf /"));
}

TEST(ApprovalTest, LettersThatOnlyLookLatinAreNoticed) {
  EXPECT_THAT(wording::approval_request(wording::Language::en, "sud\u043E ls", "a1"),
              HasSubstr("only look like Latin"));
}

TEST(WordingTest, AnAgeIsReadableAtAnyLength) {
  using namespace std::chrono_literals;
  EXPECT_EQ(wording::age(wording::Language::en, -5s), "0 s");
  EXPECT_EQ(wording::age(wording::Language::en, 59s), "59 s");
  EXPECT_EQ(wording::age(wording::Language::en, 119s), "1 min");
  EXPECT_EQ(wording::age(wording::Language::en, 3h + 59min), "3 h");
  EXPECT_EQ(wording::age(wording::Language::en, 73h), "3 days");
}

}  // namespace

}  // namespace butler::gateway::reply_test
