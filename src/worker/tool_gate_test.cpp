#include "worker/tool_gate.hpp"

#include <gmock/gmock.h>

#include "worker/test_support.hpp"

namespace butler::worker::tool_gate_test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using domain::EventType;
using policy::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::decides;
using testing_support::ListenerLog;
using testing_support::run_to_end;
using testing_support::write_file;
using Scope = domain::ApprovalScope;

class ToolGateTest : public testing::Test {
 protected:
  ToolGateTest() {
    place.common.workspace = folder.path().string();
    place.common.cwd = folder.path().string();
    place.sandbox_profile = "test/1";
  }

  Permission admit(const Decide& decide, const std::string& command = "sh x.sh") {
    const ToolGate gate(place, decide);
    CallQuestion call{.id = "c1", .tool_name = "bash", .input = json::Object{{"command", command}}};
    return run_to_end(context, gate.admit(std::move(call), listener));
  }
  /// A policy that asks, and knows which file the call executes.
  Decide asks_about(const std::string& file) {
    return [file](const policy::Question&) {
      return policy::Decision{
          .verdict = Verdict::ask, .rule = "r", .reason = "Because.", .executed_files = {file}};
    };
  }

  testing_support::TempFolder folder;
  asio::io_context context{1};
  ListenerLog listener{context};
  CallPlace place;
};

TEST_F(ToolGateTest, WhatIsAllowedStartsAndNobodyIsAsked) {
  EXPECT_TRUE(admit(decides(Verdict::allow)).allowed);
  EXPECT_TRUE(listener.asked.empty());
  EXPECT_TRUE(listener.events.empty());
}

TEST_F(ToolGateTest, WhatIsDeniedIsLoggedWithItsRuleAndToldToTheAgent) {
  const auto permission = admit(decides(Verdict::deny, "Never here."), "rm -rf /");
  EXPECT_FALSE(permission.allowed);
  EXPECT_THAT(permission.reason, HasSubstr("(rule test-rule). Never here."));
  EXPECT_TRUE(permission.noted);
  ASSERT_EQ(listener.count(EventType::log), 1U);
  EXPECT_EQ(listener.events[0].message, "Not started: bash: rm -rf /. Rule test-rule: Never here.");
  EXPECT_EQ(listener.first(EventType::log), R"({"kind":"policy_denied"})");
  EXPECT_TRUE(listener.asked.empty());
}

TEST_F(ToolGateTest, APolicyThatFailsForbids) {
  EXPECT_FALSE(
      admit([](const policy::Question&) -> policy::Decision { throw std::runtime_error("broken"); }).allowed);
  EXPECT_TRUE(listener.asked.empty());
}

TEST_F(ToolGateTest, AnAnswerThatIsNoneOfTheThreeForbids) {
  EXPECT_FALSE(admit(decides(static_cast<Verdict>(7))).allowed);
}

TEST_F(ToolGateTest, WhoIsAskedSeesTheWholeCall) {
  listener.permission = Permission{.allowed = true};
  EXPECT_TRUE(admit(decides(Verdict::ask)).allowed);
  ASSERT_EQ(listener.asked.size(), 1U);
  const auto& request = listener.asked.front();
  EXPECT_EQ(request.tool_call_id, "c1");
  EXPECT_EQ(request.tool_name, "bash");
  EXPECT_EQ(request.summary, "sh x.sh");
  EXPECT_EQ(json::serialize(request.input), R"({"command":"sh x.sh"})");
  EXPECT_EQ(request.risk, "Because.");
  EXPECT_EQ(request.cwd, place.common.cwd);
  EXPECT_EQ(request.sandbox_profile, "test/1");
  EXPECT_THAT(request.payload_hash, testing::MatchesRegex("[0-9a-f]{64}"));
  EXPECT_THAT(*request.scopes, ElementsAre(Scope::once, Scope::session, Scope::always));
}

TEST_F(ToolGateTest, AWrapperIsNotOfferedForAlways) {
  listener.permission = Permission{.allowed = true};
  admit([](const policy::Question&) {
    return policy::Decision{.verdict = Verdict::ask, .rule = "r", .reason = "", .wrapper = true};
  });
  EXPECT_THAT(*listener.asked.at(0).scopes, ElementsAre(Scope::once, Scope::session));
}

TEST_F(ToolGateTest, ANoIsPassedOnWithItsReason) {
  listener.permission = Permission{.allowed = false, .reason = "Use the other folder."};
  EXPECT_EQ(admit(decides(Verdict::ask)).reason, "Use the other folder.");
  listener.permission = Permission{};
  EXPECT_THAT(admit(decides(Verdict::ask)).reason, HasSubstr("denied"));
}

TEST_F(ToolGateTest, AScriptThatWasEditedMeanwhileIsAskedForAgain) {
  const auto script = folder.path() / "x.sh";
  write_file(script, "echo good");
  listener.permission = Permission{.allowed = true};
  listener.on_ask = [&](const api::ApprovalRequest&) {
    if (listener.asked.size() == 1) write_file(script, "echo evil");
  };
  EXPECT_TRUE(admit(asks_about(script.string())).allowed);
  ASSERT_EQ(listener.asked.size(), 2U);
  EXPECT_NE(listener.asked[0].payload_hash, listener.asked[1].payload_hash);
  EXPECT_THAT(listener.asked[1].risk, HasSubstr("has changed since"));
}

TEST_F(ToolGateTest, AScriptThatNeverRestsIsNotStarted) {
  const auto script = folder.path() / "x.sh";
  listener.permission = Permission{.allowed = true};
  listener.on_ask = [&](const api::ApprovalRequest&) {
    write_file(script, std::to_string(listener.asked.size()));
  };
  EXPECT_FALSE(admit(asks_about(script.string())).allowed);
  EXPECT_LE(listener.asked.size(), 5U);
}

TEST_F(ToolGateTest, AScriptThatCannotBeReadIsNotAskedFor) {
  fs::create_directory(folder.path() / "x.sh");
  const auto permission = admit(asks_about((folder.path() / "x.sh").string()));
  EXPECT_THAT(permission.reason, HasSubstr("is no file"));
  EXPECT_TRUE(listener.asked.empty());
}

TEST_F(ToolGateTest, AScriptThatNeverLeavesAMachineIsNotAskedForButOneOfTheWorkspaceIs) {
  listener.permission = Permission{.allowed = true};
  const auto admit_in_machine = [this](const std::string& file) {
    ToolGate gate(place, asks_about(file));
    gate.settle_in("/made/scratch", "vm/1", []() -> asio::awaitable<std::expected<void, std::string>> {
      co_return std::expected<void, std::string>{};
    });
    CallQuestion call{.id = "c1", .tool_name = "bash", .input = json::Object{{"command", "sh " + file}}};
    return run_to_end(context, gate.admit(std::move(call), listener));
  };
  for (const auto* const file : {"/tmp/x.sh", "/made/scratch/x.sh"}) {
    const auto permission = admit_in_machine(file);
    EXPECT_FALSE(permission.allowed);
    EXPECT_THAT(permission.reason, HasSubstr("put it into the workspace"));
  }
  EXPECT_TRUE(listener.asked.empty());
  EXPECT_TRUE(
      admit_in_machine((folder.path() / "x.sh").string()).allowed);  // although that lies in /tmp here
  EXPECT_EQ(listener.asked.size(), 1U);
}

TEST_F(ToolGateTest, APolicyThatForbidsMeanwhileWins) {
  Verdict verdict = Verdict::ask;
  listener.permission = Permission{.allowed = true};
  listener.on_ask = [&](const api::ApprovalRequest&) { verdict = Verdict::deny; };
  EXPECT_FALSE(admit([&](const policy::Question&) {
                 return policy::Decision{.verdict = verdict, .rule = "new", .reason = ""};
               }).allowed);
}

TEST_F(ToolGateTest, AHostIsAskedForAsTheToolNetwork) {
  listener.permission = Permission{.allowed = true};
  std::string host;
  const ToolGate gate(place, [&](const policy::Question& question) {
    host = question.host.value_or("");
    return policy::Decision{.verdict = Verdict::ask, .rule = "r", .reason = ""};
  });
  EXPECT_TRUE(
      run_to_end(context, gate.admit(HostQuestion{.host = "example.org", .port = 443}, listener)).allowed);
  EXPECT_EQ(host, "example.org");
  EXPECT_EQ(listener.asked.at(0).tool_name, "network");
  EXPECT_EQ(json::serialize(listener.asked.at(0).input), R"({"host":"example.org","port":443})");
}

TEST_F(ToolGateTest, AHostThatThePolicyForbidsIsNotedAsAConnection) {
  const ToolGate gate(place, decides(Verdict::deny, "Never here."));
  const auto permission =
      run_to_end(context, gate.admit(HostQuestion{.host = "example.org", .port = 443}, listener));
  EXPECT_FALSE(permission.allowed);
  EXPECT_TRUE(permission.noted);
  ASSERT_EQ(listener.count(EventType::log), 1U);
  EXPECT_EQ(listener.events[0].message, "Not connected to example.org:443. Rule test-rule: Never here.");
  EXPECT_EQ(listener.first(EventType::log), R"({"kind":"egress_denied"})");
}

TEST_F(ToolGateTest, AnApprovedRunIsStillHeldToWhatIsForbidden) {
  EXPECT_FALSE(ToolGate(place, decides(Verdict::allow)).refuse_run("ls"));
  EXPECT_FALSE(ToolGate(place, decides(Verdict::ask)).refuse_run("ls"))
      << "the job's approval is the approval";
  policy::Question asked;
  const ToolGate gate(place, [&](const policy::Question& question) {
    asked = question;
    return policy::Decision{.verdict = Verdict::deny, .rule = "floor", .reason = "Never."};
  });
  EXPECT_THAT(gate.refuse_run("rm -rf /").value_or(""), HasSubstr("(rule floor). Never."));
  EXPECT_EQ(asked.kind, domain::JobKind::run);
  EXPECT_EQ(asked.command, "rm -rf /");
  EXPECT_EQ(asked.tool, "bash");
}

}  // namespace
}  // namespace butler::worker::tool_gate_test
