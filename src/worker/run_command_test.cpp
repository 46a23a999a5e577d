#include "worker/run_command.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "process/process_tree.hpp"
#include "worker/mock_agent.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::run_command_test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using domain::EventType;
using testing::HasSubstr;
using testing_support::file_content;
using testing_support::ListenerLog;
using testing_support::make_job;
using testing_support::run_to_end;
using Kind = Outcome::Kind;

class RunCommandTest : public testing::Test {
 protected:
  RunCommandTest() {
    options.sandbox = &sandbox;
    options.scratch_parent = folder.path() / "scratch";
    fs::create_directory(workspace);
    fs::create_directory(options.scratch_parent);
    options.spec = [this](const fs::path& scratch) {
      sandbox::Spec spec{.arguments = {},
                         .environment = {"PATH=/usr/bin:/bin", "TMPDIR=" + scratch.string()}};
      spec.workspace = workspace;
      return spec;
    };
  }

  Outcome run(const std::string& command) {
    RunCommand agent(context.get_executor(), options, gate());
    return run_to_end(context, agent.run(make_job(command), listener));
  }
  ToolGate gate() {
    return ToolGate({}, [this](const policy::Question& question) {
      questions.push_back(question);
      return policy::Decision{.verdict = verdict, .rule = "test-rule", .reason = "Because."};
    });
  }
  /// Runs the command and calls `act` at its first output.
  Outcome run_and(const std::string& command, const std::function<void(RunCommand&)>& act) {
    RunCommand agent(context.get_executor(), options, gate());
    listener.on_event = [&](const api::ReportedEvent& event) {
      if (event.type == EventType::agent_text_delta) act(agent);
    };
    return run_to_end(context, agent.run(make_job(command), listener));
  }
  bool anything_runs() const {
    return std::ranges::any_of(process::list_processes(), [&](const process::ProcessEntry& entry) {
      const auto environment = file_content(fs::path{"/proc"} / std::to_string(entry.pid) / "environ");
      return entry.state != 'Z' && environment.find(folder.path().string()) != std::string::npos;
    });
  }

  /// Whether all that was started has gone: who was killed takes a moment.
  bool all_has_gone() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (anything_runs()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }

  testing_support::TempFolder folder;
  asio::io_context context{1};
  fs::path workspace = folder.path() / "workspace";
  testing_support::PlainSandbox sandbox;
  RunCommand::Options options;
  policy::Verdict verdict = policy::Verdict::ask;
  std::vector<policy::Question> questions;
  ListenerLog listener{context};
};

TEST_F(RunCommandTest, TheOutputOfBothStreamsIsTheAnswer) {
  const auto outcome = run("echo out; echo err >&2");
  EXPECT_EQ(outcome.kind, Kind::completed);
  EXPECT_EQ(outcome.text, "out\nerr\n");
  EXPECT_EQ(listener.text(), "out\nerr\n");
}

TEST_F(RunCommandTest, ItRunsInTheWorkspaceWithoutInputAndWithABuiltEnvironment) {
  const auto outcome = run("pwd; cat; env | sort");
  EXPECT_THAT(outcome.text, testing::StartsWith(workspace.string() + "\n"));
  EXPECT_THAT(outcome.text, HasSubstr("TMPDIR=" + options.scratch_parent.string()));
  EXPECT_THAT(outcome.text, testing::Not(HasSubstr("HOME=")));
}

TEST_F(RunCommandTest, AnotherStatusThanZeroIsAFailureThatSaysWhich) {
  const auto outcome = run("echo kept; exit 3");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.text, "exit status 3");
  EXPECT_EQ(listener.text(), "kept\n");
  EXPECT_EQ(run("kill -9 $$").text, "killed by SIGKILL");
}

TEST_F(RunCommandTest, TheStartIsOnRecordBeforeTheCommandStarts) {
  listener.answer.reset();
  listener.on_event = [&](const api::ReportedEvent& event) {
    if (event.type != EventType::tool_start) return;
    EXPECT_FALSE(fs::exists(workspace / "made"));
    listener.set_answer(true);
  };
  run("touch made");
  EXPECT_TRUE(fs::exists(workspace / "made"));
  EXPECT_THAT(listener.first(EventType::tool_start), HasSubstr(R"("summary":"touch made")"));
  EXPECT_THAT(listener.first(EventType::tool_end), HasSubstr(R"("isError":false)"));
}

TEST_F(RunCommandTest, WithoutARecordNothingRuns) {
  listener.answer = false;
  EXPECT_EQ(run("touch made").kind, Kind::aborted);
  EXPECT_FALSE(fs::exists(workspace / "made"));
}

TEST_F(RunCommandTest, AnAbortKillsTheWholeTree) {
  const auto outcome = run_and("setsid sleep 600 & (trap '' TERM; sleep 600) & echo up; sleep 600",
                               [](RunCommand& agent) { agent.abort(5s); });
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_TRUE(all_has_gone());
}

TEST_F(RunCommandTest, WhatACommandLeavesInTheBackgroundEndsWithIt) {
  const auto outcome = run("setsid sleep 600 & sleep 600 & echo done");
  EXPECT_EQ(outcome.kind, Kind::completed);
  EXPECT_EQ(outcome.text, "done\n");
  EXPECT_TRUE(all_has_gone());
  EXPECT_TRUE(fs::is_empty(options.scratch_parent));
}

TEST_F(RunCommandTest, ACommandThatTakesTooLongIsEnded) {
  options.time_limit = 100ms;
  const auto outcome = run("echo begun; sleep 600");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("took longer than"));
  EXPECT_TRUE(all_has_gone());
}

TEST_F(RunCommandTest, AMissingWorkspaceIsNamed) {
  workspace = folder.path() / "none";
  const auto outcome = run("true");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_FALSE(outcome.text.empty());
}

/// A command with a way to other hosts: those that are not listed are asked for.
class RunCommandHostsTest : public RunCommandTest {
 protected:
  RunCommandHostsTest() {
    settings.home = folder.path();
    settings.provider = "mock";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"key-for-the-provider"};
    fs::create_directory(settings.home / "agent");
    testing_support::write_file(settings.home / "agent" / "models.json",
                                testing_support::models_json("http://127.0.0.1:9/v1"));
    services.emplace(context.get_executor(), settings, [](const AgentIdentity&) {
      return egress::HostPolicy{.others = egress::HostPolicy::Others::ask};
    });
    options.serve = [this](http::ListeningSocket socket, const ServiceToken& token) {
      return services->open(std::move(socket), {}, token);
    };
  }
  void TearDown() override { run_to_end(context, services->shut_down()); }

  /// What is asked for a host, as a command does it: the whole answer.
  static std::string connect(const std::string& target) {
    return "user=${HTTP_PROXY#http://}; password=$(printf %s \"${user%@*}\" | base64 -w0); "
           "exec 3<>/dev/tcp/127.0.0.1/${HTTP_PROXY##*:}; printf 'CONNECT " +
           target +
           " HTTP/1.1\r\nhost: x\r\nproxy-authorization: Basic %s\r\nconnection: close\r\n\r\n' "
           "\"$password\" >&3; "
           "cat <&3;";
  }
  std::size_t notices(std::string_view words) const {
    return static_cast<std::size_t>(std::ranges::count_if(listener.events, [&](const auto& event) {
      return event.type == EventType::log && event.message.value_or("").find(words) != std::string::npos;
    }));
  }

  config::WorkerSettings settings;
  std::optional<AgentServices> services;
};

TEST_F(RunCommandHostsTest, AHostThatIsNotListedIsAskedForInTheNameOfTheSandboxItRunsIn) {
  listener.permission = Permission{.allowed = false, .reason = "Not that one.", .noted = true};
  const auto outcome = run(connect("new.example:443"));
  EXPECT_THAT(outcome.text, HasSubstr("403"));
  EXPECT_THAT(outcome.text, HasSubstr("Not that one."));
  ASSERT_EQ(listener.asked.size(), 1U);
  EXPECT_EQ(listener.asked[0].tool_name, "network");
  EXPECT_EQ(json::serialize(listener.asked[0].input), R"({"host":"new.example","port":443})");
  EXPECT_EQ(listener.asked[0].sandbox_profile, sandbox.profile());
  EXPECT_EQ(notices("new.example"), 0U) << "who said no knows";
}

TEST_F(RunCommandHostsTest, WhatThePolicyRefusesIsNotedOnceHoweverOftenItIsTried) {
  verdict = policy::Verdict::deny;
  run(connect("new.example:443") + connect("new.example:443") + connect("8.8.8.8:443") +
      connect("8.8.8.8:443"));
  EXPECT_EQ(notices("Not connected to new.example:443. Rule test-rule: Because."), 1U);
  EXPECT_EQ(notices("new.example"), 1U);
  EXPECT_EQ(notices("Not connected to 8.8.8.8:443: "), 1U);
  EXPECT_THAT(listener.first(EventType::log), HasSubstr(R"("kind":"egress_denied")"));
}

TEST_F(RunCommandHostsTest, ARunThatIsRefusedEverywhereDoesNotFillTheLog) {
  run("for i in $(seq 40); do " + connect("10.0.0.'$i':443") + " done");
  EXPECT_EQ(notices("Not connected to"), 20U);
  EXPECT_EQ(notices("More connections were refused"), 1U);
}

TEST_F(RunCommandHostsTest, WaitingForAPersonCountsAgainstNoTimeLimit) {
  options.time_limit = 3s;
  asio::steady_timer timer(context);
  listener.on_ask = [&](const api::ApprovalRequest&) {
    timer.expires_after(4s);
    timer.async_wait([&](const boost::system::error_code&) { listener.decide({.allowed = false}); });
  };
  const auto outcome = run(connect("new.example:443") + " echo went on");
  EXPECT_EQ(outcome.kind, Kind::completed) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("went on"));
}

TEST_F(RunCommandHostsTest, AnAbortWithdrawsTheQuestionAndEndsTheCommand) {
  RunCommand agent(context.get_executor(), options, gate());
  listener.on_ask = [&](const api::ApprovalRequest&) { asio::post(context, [&] { agent.abort(5s); }); };
  const auto outcome =
      run_to_end(context, agent.run(make_job(connect("new.example:443") + " sleep 600"), listener));
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_FALSE(listener.wait.waits());
  EXPECT_TRUE(all_has_gone());
}

TEST(OutputTextTest, AnUnfinishedCharacterWaitsForItsRest) {
  OutputText output;
  EXPECT_EQ(output.feed("a\xC3"), "a");
  EXPECT_EQ(output.feed("\xA9z"), "\xC3\xA9z");
  EXPECT_EQ(output.feed("\xE2\x82"), "");
  EXPECT_EQ(output.finish(), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(output.text(), "a\xC3\xA9z\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(OutputTextTest, InvalidBytesAreReplaced) {
  OutputText output;
  EXPECT_EQ(output.feed("a\xFFz"), "a\xEF\xBF\xBDz");
}

TEST(OutputTextTest, OutputWithoutEndIsCutAtTheLimit) {
  OutputText output;
  const std::string chunk(100'000, 'x');
  for (int i = 0; i < 30; ++i) output.feed(chunk);
  EXPECT_LE(domain::count_code_points(output.text()), domain::limits::result_text);
  EXPECT_THAT(output.text(), testing::EndsWith("left out]\n"));
  EXPECT_EQ(output.feed("more"), "");
}

class MockAgentTest : public testing::Test {
 protected:
  asio::io_context context{1};
  ListenerLog listener{context};
};

TEST_F(MockAgentTest, AnswersAtOnceWithoutEventsWhenItsStepIsZero) {
  MockAgent agent(context.get_executor(), 0ms);
  const auto outcome = run_to_end(context, agent.run(make_job("hello"), listener));
  EXPECT_THAT(outcome.text, testing::StartsWith("You said: hello\nSession: telegram:1:v1\nTime: 2"));
  EXPECT_TRUE(listener.events.empty());
}

TEST_F(MockAgentTest, AnswersInFourSteps) {
  MockAgent agent(context.get_executor(), 1ms);
  const auto outcome = run_to_end(context, agent.run(make_job("hello"), listener));
  EXPECT_EQ(listener.events.size(), 4U);
  EXPECT_EQ(listener.text(), outcome.text);
}

TEST_F(MockAgentTest, ShowsACommandInsteadOfExecutingIt) {
  auto job = make_job("rm -rf /");
  job.kind = domain::JobKind::run;
  MockAgent agent(context.get_executor(), 0ms);
  const auto outcome = run_to_end(context, agent.run(job, listener));
  EXPECT_THAT(outcome.text, testing::StartsWith("$ rm -rf /\n(mock: not executed)"));
}

TEST_F(MockAgentTest, ListsTheFilesThatCameAndSendsThoseItIsToldTo) {
  const testing_support::TempFolder spool;
  listener.job_files.incoming["1-a.jpg"] = {"image/jpeg", "12345"};
  auto job = make_job("hello\nmock:send note.txt some text\n");
  job.attachments = {"1-a.jpg", "2-gone.txt"};
  MockAgent agent(context.get_executor(), 0ms, spool.path());
  const auto outcome = run_to_end(context, agent.run(job, listener));
  EXPECT_THAT(outcome.text, HasSubstr("\nFile: 1-a.jpg, image/jpeg, 5 bytes\n"));
  EXPECT_THAT(outcome.text, HasSubstr("\nFile: 2-gone.txt, missing: it is not there any more\n"));
  EXPECT_THAT(outcome.text, testing::EndsWith("\nSent: note.txt"));
  ASSERT_EQ(listener.job_files.sent.size(), 1U);
  EXPECT_EQ(listener.job_files.sent[0].content, "some text");
  EXPECT_EQ(listener.job_files.sent[0].media_type, "text/plain");
}

TEST_F(MockAgentTest, IsAbortedInTheMiddle) {
  MockAgent agent(context.get_executor(), 1h);
  listener.on_event = [](const api::ReportedEvent&) { FAIL() << "reported"; };
  asio::post(context, [&] { agent.abort(1s); });
  const auto outcome = run_to_end(context, agent.run(make_job("hello"), listener));
  EXPECT_EQ(outcome.kind, Kind::aborted);
}

}  // namespace
}  // namespace butler::worker::run_command_test
