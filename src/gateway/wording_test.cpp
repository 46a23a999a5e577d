#include "gateway/wording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <type_traits>

#include "domain/job_words.hpp"
#include "gateway/wording_approvals.hpp"
#include "gateway/wording_conversation.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway::wording_test {

namespace {

using namespace std::chrono_literals;
using butler::wording::all_languages;
using domain::JobStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using wording::Language;

constexpr std::array all_states{JobStatus::needs_approval, JobStatus::queued,    JobStatus::running,
                                JobStatus::aborting,       JobStatus::completed, JobStatus::failed,
                                JobStatus::aborted};

domain::Job job() {
  domain::Job job;
  job.id = "01890a5d-ac96-774b-bcce-b30209b30209";
  job.status = JobStatus::running;
  job.prompt = "tidy my notes\nand more";
  job.created_at = domain::wall_clock_now();
  job.started_at = job.created_at;
  return job;
}

api::Approval approval(domain::ApprovalStatus status) {
  api::Approval approval;
  approval.id = "01890a5d-ac96-774b-bcce-b30209b30209";
  approval.tool_name = "bash";
  approval.status = status;
  approval.scopes = {domain::ApprovalScope::once, domain::ApprovalScope::session,
                     domain::ApprovalScope::always};
  return approval;
}

TEST(WordingTest, TalksOfJobsInEnglishAsTheTerminalDoes) {
  for (const JobStatus status : all_states) {
    EXPECT_EQ(wording::status_words(Language::en, status), domain::status_words(status));
  }
  for (const auto time : {-5'000ms, 59'000ms, 119'000ms, 14'340'000ms, 262'800'000ms}) {
    EXPECT_EQ(wording::age(Language::en, time), domain::age(time));
  }
  domain::Job one = job();
  const auto now = one.created_at + 2min;
  EXPECT_EQ(wording::job_line(Language::en, one, now), domain::job_line(one, now));
  EXPECT_EQ(wording::job_line(Language::en, one, now, true), domain::job_line(one, now, true));
  one.status = JobStatus::completed;
  one.finished_at = one.created_at + 3s;
  EXPECT_EQ(wording::job_line(Language::en, one, now), domain::job_line(one, now));
}

TEST(WordingTest, TalksOfWhatAJobDoesInEnglishAsTheTerminalDoes) {
  const json::Object tool{{"toolCallId", "1"}, {"toolName", "bash"}};
  json::Object call = tool;
  call["summary"] = "make test";
  for (const auto& event : std::vector<api::Event>{{.type = domain::EventType::job_created},
                                                   {.type = domain::EventType::job_started},
                                                   {.type = domain::EventType::agent_thinking_delta},
                                                   {.type = domain::EventType::agent_text_delta},
                                                   {.type = domain::EventType::tool_start, .data = tool},
                                                   {.type = domain::EventType::tool_start, .data = call},
                                                   {.type = domain::EventType::tool_end, .data = tool},
                                                   {.type = domain::EventType::job_requeued}}) {
    const std::vector events{event};
    EXPECT_EQ(wording::activity_words(Language::en, api::activity_of(events)), api::activity(events));
  }
}

TEST(WordingTest, HasWordsOfItsOwnForEveryStateInEveryLanguage) {
  for (const Language language : all_languages) {
    std::set<std::string> words;
    for (const JobStatus status : all_states) words.insert(wording::status_words(language, status));
    EXPECT_EQ(words.size(), all_states.size());
  }
}

struct Said {
  std::string english;
  std::string german;
};

template <class... Arguments>
Said in_both(std::string (*sentence)(Language, Arguments...), std::type_identity_t<Arguments>... arguments) {
  return {.english = sentence(Language::en, arguments...), .german = sentence(Language::de, arguments...)};
}

TEST(WordingTest, CountsInBothLanguages) {
  const auto check = [](const Said& said, std::string_view english, std::string_view german) {
    EXPECT_EQ(said.english, english);
    EXPECT_EQ(said.german, german);
  };
  check(in_both(wording::queued_behind, 1, 1, false), "Queued behind one other request. I'll get to it.",
        "Deine Nachricht wartet hinter einer anderen Anfrage. Ich kümmere mich darum.");
  check(in_both(wording::queued_behind, 3, 2, true),
        "3 messages are queued behind 2 other requests, and what runs now waits for an approval (/status "
        "shows it). "
        "I'll get to them.",
        "3 Nachrichten warten hinter 2 anderen Anfragen, und was gerade läuft, wartet auf eine Freigabe "
        "(/status "
        "zeigt sie). Ich kümmere mich darum.");
  check(in_both(wording::waits_for_a_worker, 1),
        "Everybody is busy. Your message starts as soon as a worker is free.",
        "Gerade ist alles belegt. Deine Nachricht beginnt, sobald ein Worker frei ist.");
  check(in_both(wording::waits_while_paused, 2, "a fire."),
        "I am paused (a fire). 2 messages start as soon as I am resumed.",
        "Ich mache Pause (a fire). 2 Nachrichten beginnen, sobald es weitergeht.");
  check(in_both(wording::panic_off, true, 1), "Going on. 1 waiting job starts as soon as a worker is free.",
        "Es geht weiter. 1 wartender Auftrag beginnt, sobald ein Worker frei ist.");
  check(in_both(wording::panic_status, false, std::nullopt, 1, 2), "Not paused.\n1 job runs, 2 wait.",
        "Keine Pause.\n1 Auftrag läuft, 2 warten.");
  check(in_both(wording::unpaired, 7, 2, std::vector<std::string>{}),
        "7 is out: I don't listen to them any more. Their 2 open jobs were stopped.",
        "7 ist draußen: Auf diese Person höre ich nicht mehr. Ihre 2 offenen Aufträge wurden gestoppt.");
}

TEST(WordingTest, SaysOfAJobWhatThereIsInBothLanguages) {
  domain::Job one = job();
  one.attempt = 2;
  one.max_attempts = 3;
  one.error = "overloaded";
  const auto now = one.created_at + 73h;
  EXPECT_EQ(wording::job_in_full(Language::en, one, "thinks", now),
            "b30209 · running for 3 days · tidy my notes\nRequest: tidy my notes\nand more\nAsked 3 days "
            "ago, attempt 2 "
            "of 3.\nNow: thinks.\nError: overloaded");
  EXPECT_EQ(
      wording::job_in_full(Language::de, one, "", now),
      "b30209 · läuft seit 3 Tagen · tidy my notes\nAnfrage: tidy my notes\nand more\nGestellt vor 3 Tagen, "
      "Versuch 2 von 3.\nFehler: overloaded");
}

TEST(WordingTest, AnApprovalIsAskedForAndDecidedInBothLanguages) {
  const auto asks = approval(domain::ApprovalStatus::pending);
  const wording::ShownCall shown{
      .short_id = "b30209", .job = "a1b2c3 · tidy", .requester = "Anna", .input = "rm x"};
  const std::string english = wording::tool_request(Language::en, asks, shown);
  const std::string german = wording::tool_request(Language::de, asks, shown);
  EXPECT_THAT(english, HasSubstr("May I use ` bash ` for ` Anna `?"));
  EXPECT_THAT(german, HasSubstr("Darf ich ` bash ` für ` Anna ` benutzen?"));
  for (const auto* command : {"/approve b30209 [session|always]", "/deny b30209"}) {
    EXPECT_THAT(english, HasSubstr(command));
    EXPECT_THAT(german, HasSubstr(command)) << "what is typed is the same in every language";
  }
  const AskedApproval asked{.id = asks.id, .summary = "bash: rm x"};
  auto denied = approval(domain::ApprovalStatus::denied);
  denied.reason = "too risky.";
  EXPECT_EQ(wording::tool_outcome(Language::en, asked, denied, "Ada"),
            "Denied b30209 (bash: rm x) by Ada: too risky.");
  EXPECT_EQ(wording::tool_outcome(Language::de, asked, denied, "Ada"),
            "Abgelehnt: b30209 (bash: rm x) von Ada: too risky.");
  const auto expired = approval(domain::ApprovalStatus::expired);
  EXPECT_EQ(wording::tool_outcome(Language::en, asked, expired, ""),
            "b30209 (bash: rm x) was not decided, so it was not done: nobody decided in time.");
  EXPECT_EQ(wording::tool_outcome(Language::de, asked, expired, ""),
            "b30209 (bash: rm x) wurde nicht entschieden und deshalb nicht getan: Niemand hat rechtzeitig "
            "entschieden.");
}

TEST(WordingTest, TheSettingsOfAChatAreListedInBothLanguages) {
  const wording::ChatSettings settings{.requests_per_minute = 12, .prompt_max_chars = 8'000};
  EXPECT_EQ(
      wording::settings(Language::en, settings),
      "What is set for this chat:\n\n• You are let in by an owner.\n• Here everything you write is for me.\n"
      "• Longest request: 8000 characters.\n• At most 12 requests of yours in a minute.\n"
      "• /run: owners only, and always after an approval.\n• /approve and /deny: owners only.\n"
      "• /abort: everybody, for their own.\n\n"
      "These come from Butler's configuration; none of them can be changed from the chat.");
  EXPECT_THAT(wording::settings(Language::de, settings),
              HasSubstr("• Höchstens 12 Anfragen von dir in einer Minute."));
}

TEST(WordingTest, AFailureIsSaidWithTheProvidersOwnSentence) {
  EXPECT_EQ(
      wording::failed(Language::en, R"(401: {"message":"Your credit is used up.","type":"x","code":null})"),
      "That didn't work: Your credit is used up. /retry tries it again.");
}

TEST(WordingTest, AReasonThatIsMissingIsSaidToBeMissing) {
  EXPECT_EQ(wording::failed(Language::en, " . "),
            "That didn't work: no reason was given. /retry tries it again.");
  EXPECT_EQ(wording::failed(Language::de, ""),
            "Das hat nicht geklappt: ein Grund wurde nicht genannt. /retry versucht es noch einmal.");
}

}  // namespace

}  // namespace butler::gateway::wording_test
