#include "worker/tool_decision.hpp"

#include <gmock/gmock.h>

#include "worker/test_support.hpp"

namespace butler::worker::tool_decision_test {
namespace {

using testing::HasSubstr;
using testing_support::make_job;

CallQuestion call(std::string tool, std::string_view input) {
  return {.id = "c1", .tool_name = std::move(tool), .input = json::parse(input).value()};
}

TEST(CallPlaceTest, TheRoleFollowsTheWorkspace) {
  const auto role = [](auto change) {
    auto job = make_job("");
    job.channel = domain::Channel::telegram;
    change(job);
    return call_place(job, {}, {}, "").common.role;
  };
  using Metadata = std::map<std::string, std::string>;
  EXPECT_EQ(role([](domain::Job& job) { job.channel = domain::Channel::cli; }), policy::Requester::owner);
  EXPECT_EQ(role([](domain::Job& job) {
              job.metadata = Metadata{{"chatType", "private"}, {"requesterRole", "owner"}};
            }),
            policy::Requester::owner);
  EXPECT_EQ(role([](domain::Job&) {}), policy::Requester::person) << "what is not noted";
  EXPECT_EQ(role([](domain::Job& job) {
              job.chat_id = "-7";
              job.metadata = Metadata{{"chatType", "group"}, {"requesterRole", "owner"}};
            }),
            policy::Requester::group)
      << "in a group an owner has the group's workspace";
}

TEST(CallPlaceTest, NamesTheJobAndItsFolders) {
  auto job = make_job("", "telegram:5:v1");
  job.requester_id = "42";
  job.chat_id = "5";
  job.kind = domain::JobKind::run;
  config::WorkerSettings settings;
  settings.home = "/b";
  const auto place =
      call_place(job, {.session_key = "", .workspace = "/w", .owner = {}, .name = ""}, settings, "/b/h");
  EXPECT_EQ(place.common.requester_id, "42");
  EXPECT_EQ(place.common.chat_id, "5");
  EXPECT_EQ(place.common.session_key, "telegram:5:v1");
  EXPECT_EQ(place.common.kind, domain::JobKind::run);
  EXPECT_EQ(place.common.workspace, "/w");
  EXPECT_EQ(place.common.cwd, "/w");
  EXPECT_EQ(place.common.agent_home, "/b/h");
  EXPECT_EQ(place.common.butler_home, "/b");
}

TEST(QuestionTest, HasTheCommandOrThePath) {
  const auto bash = question_of({}, call("bash", R"({"command":"ls"})"));
  EXPECT_EQ(bash->tool, "bash");
  EXPECT_EQ(bash->command, "ls");
  EXPECT_FALSE(bash->path);
  const auto read = question_of({}, call("read", R"({"path":"a/b"})"));
  EXPECT_EQ(read->path, "a/b");
  EXPECT_FALSE(read->command);
  const auto host = question_of({}, HostQuestion{.host = "example.org"});
  EXPECT_EQ(host.tool, "network");
  EXPECT_EQ(host.host, "example.org");
}

TEST(QuestionTest, WhatIsNoTextIsPassedOnAndNotTakenForNothing) {
  EXPECT_EQ(question_of({}, call("bash", R"({"command":["rm","-rf"]})"))->command, R"(["rm","-rf"])");
  EXPECT_EQ(question_of({}, call("read", R"({"path":7})"))->path, "7");
  EXPECT_FALSE(question_of({}, call("ls", "{}"))->path);
  EXPECT_FALSE(question_of({}, call("ls", "[]"))->path);
}

TEST(PiPathTest, IsWhatPisToolsMakeOfIt) {
  EXPECT_EQ(path_as_pi_reads_it("@/etc/shadow"), "/etc/shadow");
  EXPECT_EQ(path_as_pi_reads_it("@@x"), "@x") << "one only";
  EXPECT_EQ(path_as_pi_reads_it("a\xC2\xA0\x62\xE3\x80\x80\x63\xE2\x80\x8A"), "a b c ");
  EXPECT_EQ(path_as_pi_reads_it("~/x"), "~/x");
  EXPECT_EQ(path_as_pi_reads_it("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"),
            "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
  EXPECT_FALSE(path_as_pi_reads_it("file:///etc/shadow"));
  EXPECT_FALSE(path_as_pi_reads_it("@file:///etc/%73hadow"));
}

TEST(WordsTest, SayWhatACallWouldDo) {
  policy::Decision decision{.rule = "r",
                            .reason = "Asked by default.",
                            .classes = {policy::CommandClass::network, policy::CommandClass::destructive},
                            .wrapper = true};
  EXPECT_EQ(risk_words(decision),
            "It uses the network, destroys. It runs another program. Asked by default.");
  EXPECT_EQ(risk_words(policy::Decision{}), "Nothing is known about it.");
  EXPECT_EQ(denial_words({.rule = "no-ssh", .reason = "Keys stay here."}),
            "Butler's policy does not allow this (rule no-ssh). Keys stay here. It was not started.");
}

}  // namespace
}  // namespace butler::worker::tool_decision_test
