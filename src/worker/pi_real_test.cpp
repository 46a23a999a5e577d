// The agent with the pinned pi itself, and a model that is scripted here. Needs the runtime that
// tools/setup/runtime.sh installs. Started by root, everything runs as the user butler: pi never runs as
// root.
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <ranges>
#include <string_view>

#include "http/server.hpp"
#include "process/role.hpp"
#include "worker/agent_sandbox.hpp"
#include "worker/pi_agent.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::pi_real_test {
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
using testing_support::write_file;
using Kind = Outcome::Kind;

/// The user butler while it lives, when started by root. What is spawned meanwhile has no way back.
class AsButler {
 public:
  AsButler() {
    if (::geteuid() != 0) return;
    const auto user = process::find_user("butler");
    if (!user) throw std::runtime_error("the system user butler does not exist: run tools/setup/users.sh");
    if (::setgroups(1, &user->gid) != 0 || ::setresgid(user->gid, user->gid, 0) != 0 ||
        ::setresuid(user->uid, user->uid, 0) != 0) {
      throw std::runtime_error("cannot become butler");
    }
    changed_ = true;
  }
  AsButler(const AsButler&) = delete;
  AsButler& operator=(const AsButler&) = delete;
  ~AsButler() {
    if (changed_ && (::setresuid(0, 0, 0) != 0 || ::setresgid(0, 0, 0) != 0)) std::abort();
  }

 private:
  bool changed_ = false;
};

/// A provider that speaks the chat protocol: "run: X ;; Y" makes the model call bash with X and with Y,
/// "refuse" is answered 401, everything else with how many messages of people it has seen.
class ScriptedModel final : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{16} << 20U};
  }

  asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    body = json::parse(request.body).value();
    auto response = decide(json::find(body, "messages")->as_array());
    co_await exchange.send(std::move(response));
  }

  json::Value body;

 private:
  static std::string text_of(const json::Value& message) {
    const json::Value* content = json::find(message, "content");
    if (content->is_string()) return std::string{content->get_string()};
    return json::serialize(*content);
  }

  /// One call of bash for each of the commands, which " ;; " separates.
  static json::Array calls_of(std::string_view commands) {
    json::Array calls;
    for (const auto part : std::views::split(commands, std::string_view{" ;; "})) {
      const json::Object arguments{{"command", std::string_view{part}}};
      calls.push_back(json::Object{
          {"index", calls.size()},
          {"id", "call_" + std::to_string(calls.size() + 1)},
          {"type", "function"},
          {"function", json::Object{{"name", "bash"}, {"arguments", json::serialize(arguments)}}}});
    }
    return calls;
  }

  static http::Response decide(const json::Array& messages) {
    if (json::find_string(messages.back(), "role") == "tool") {
      return stream({{"content", "The tool said: " + text_of(messages.back())}}, "stop");
    }
    const std::string text = text_of(messages.back());
    if (text.find("refuse") != std::string::npos) {
      return {.status = 401,
              .headers = {{"content-type", "application/json"}},
              .body = R"({"error":{"message":"bad key","type":"invalid_request_error"}})"};
    }
    if (const auto at = text.find("run: "); at != std::string::npos) {
      const auto command = text.substr(at + 5, text.find('"', at) - at - 5);
      return stream({{"tool_calls", calls_of(command)}}, "tool_calls");
    }
    int people = 0;
    for (const auto& message : messages) people += json::find_string(message, "role") == "user" ? 1 : 0;
    return stream({{"content", "messages seen: " + std::to_string(people)}}, "stop");
  }

  static http::Response stream(json::Object delta, std::string_view reason) {
    const auto chunk = [](json::Object more) {
      json::Object body{
          {"id", "c1"}, {"object", "chat.completion.chunk"}, {"created", 1}, {"model", "mock-1"}};
      for (const auto& member : more) body[member.key()] = member.value();
      return "data: " + json::serialize(body) + "\n\n";
    };
    const auto choice = [](json::Object what, json::Value end) {
      return json::Object{
          {"choices", json::Array{json::Object{{"index", 0}, {"delta", what}, {"finish_reason", end}}}}};
    };
    const json::Object usage{{"prompt_tokens", 100}, {"completion_tokens", 7}, {"total_tokens", 107}};
    return {.status = 200,
            .headers = {{"content-type", "text/event-stream"}},
            .body = chunk(choice(std::move(delta), json::Value{})) +
                    chunk(choice(json::Object{}, json::Value(reason))) +
                    chunk(json::Object{{"choices", json::Array{}}, {"usage", usage}}) + "data: [DONE]\n\n"};
  }
};

class RealPiTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto pi = testing_support::runtime_pi();
    if (!fs::exists(pi)) GTEST_SKIP() << pi << " is missing; tools/setup/runtime.sh makes it";
    butler.emplace();
    folder.emplace();
    settings.home = folder->path();
    settings.workspace = settings.home / "workspace";
    settings.session_root = settings.home / "sessions";
    settings.provider = "mock";
    settings.model = "mock-1";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"mock-key-0123456789"};
    settings.pi_command = {pi};
    for (const auto& path : {settings.workspace, settings.session_root}) fs::create_directory(path);
    home = prepare_agent_home(settings.home);
    const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "../../butler-sandbox-init";
    auto opened = AgentSandboxes::open(settings, sandbox::InitProgram{program}, home.user_home);
    ASSERT_TRUE(opened) << opened.error();
    sandboxes.emplace(*std::move(opened));

    server.listen();
    background.spawn("model", server.run());
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    write_file(home.folder / "models.json", testing_support::models_json(url));
    services.emplace(context.get_executor(), settings);
    open_pool();
  }

  void TearDown() override {
    if (!pool) return;
    run_to_end(context, pool->shut_down(2s));
    run_to_end(context, services->shut_down());
    run_to_end(context, server.shut_down(0ms));
    run_to_end(context, background.join());
    folder.reset();
  }

  void open_pool() {
    pool.emplace(
        context.get_executor(),
        [this](const Conversation& conversation) {
          return open_pi_session(context.get_executor(), settings, home, *services, sandboxes->usual(),
                                 conversation);
        },
        60s);
  }

  Outcome run(const std::string& prompt) {
    const auto job = make_job(prompt);
    PiAgent agent = make_agent(job);
    return run_to_end(context, agent.run(job, listener));
  }
  PiAgent make_agent(const domain::Job& job) {
    const auto conversation = testing_support::conversation_of(job, settings);
    auto place = call_place(job, conversation, settings, home.user_home.string());
    return PiAgent{context.get_executor(), *pool, conversation, ToolGate{std::move(place), decide}, options};
  }

  std::optional<AsButler> butler;
  std::optional<testing_support::TempFolder> folder;
  asio::io_context context{1};
  ScriptedModel model;
  http::Server server{context.get_executor(), {}, model};
  async::TaskGroup background{context.get_executor()};
  config::WorkerSettings settings;
  AgentHome home;
  PiAgentOptions options;
  std::optional<AgentSandboxes> sandboxes;
  Decide decide = testing_support::decides(policy::Verdict::allow);
  std::optional<AgentServices> services;
  std::optional<SessionPool> pool;
  ListenerLog listener{context};
};

TEST_F(RealPiTest, AToolWritesAFileAndTheSessionOutlivesItsProcess) {
  const auto written = run("run: echo 42 > answer.txt && cat answer.txt");
  EXPECT_EQ(written.kind, Kind::completed) << written.text;
  EXPECT_THAT(written.text, HasSubstr("The tool said: 42"));
  EXPECT_EQ(file_content(settings.workspace / "answer.txt"), "42\n");
  EXPECT_EQ(listener.count(EventType::tool_start), 1U);
  EXPECT_THAT(listener.first(EventType::tool_end), HasSubstr(R"("isError":false)"));
  EXPECT_EQ(listener.text(), written.text);
  EXPECT_EQ(written.usage->input_tokens, 200);

  EXPECT_EQ(run("hello").text, "messages seen: 2");
  run_to_end(context, pool->shut_down(2s));
  open_pool();
  EXPECT_EQ(run("hello again").text, "messages seen: 3");
  EXPECT_THAT(json::serialize(model.body), HasSubstr("How to remember"));
}

TEST_F(RealPiTest, AToolWithoutARecordDoesNotRun) {
  listener.answer = false;
  const auto outcome = run("run: touch made");
  EXPECT_THAT(outcome.text, HasSubstr("could not put this tool call on record"));
  EXPECT_FALSE(fs::exists(settings.workspace / "made"));
}

TEST_F(RealPiTest, EveryPromptOfASessionHasItsCallsDecided) {
  decide = testing_support::decides(policy::Verdict::deny, "Not today.");
  for (int prompt = 1; prompt <= 3; ++prompt) {
    const auto outcome = run("run: touch made");
    EXPECT_THAT(outcome.text, HasSubstr("(rule test-rule). Not today.")) << prompt;
    EXPECT_FALSE(fs::exists(settings.workspace / "made")) << prompt;
  }
  EXPECT_EQ(listener.count(EventType::tool_start), 0U);
  EXPECT_EQ(listener.count(EventType::tool_end), 0U);
  EXPECT_EQ(listener.count(EventType::log), 3U) << "each is told once";
  EXPECT_THAT(listener.first(EventType::log), HasSubstr("policy_denied"));
}

TEST_F(RealPiTest, ACallThatIsAskedForWaitsAndRunsOnceItIsAllowed) {
  decide = testing_support::decides(policy::Verdict::ask);
  listener.on_ask = [&](const api::ApprovalRequest& request) {
    EXPECT_FALSE(fs::exists(settings.workspace / "made"));
    EXPECT_EQ(json::serialize(request.input), R"({"command":"echo x >> made"})");
    listener.decide({.allowed = true});
  };
  EXPECT_THAT(run("run: echo x >> made").text, HasSubstr("The tool said"));
  EXPECT_EQ(file_content(settings.workspace / "made"), "x\n");
  EXPECT_EQ(listener.asked.size(), 1U);
}

TEST_F(RealPiTest, CallsOfOneMessageAreDecidedAndStartedOneByOne) {
  decide = [](const policy::Question& question) {
    const bool first = question.command == "echo first > made";
    return policy::Decision{
        .verdict = first ? policy::Verdict::allow : policy::Verdict::ask, .rule = "r", .reason = "Because."};
  };
  listener.on_ask = [&](const api::ApprovalRequest&) {
    EXPECT_EQ(listener.count(EventType::tool_start), listener.count(EventType::tool_end));
    EXPECT_EQ(file_content(settings.workspace / "made"), "first\n");
    listener.decide({.allowed = true});
  };
  run("run: echo first > made ;; cat made");
  EXPECT_EQ(listener.asked.size(), 1U);
  EXPECT_EQ(listener.count(EventType::tool_end), 2U);
}

TEST_F(RealPiTest, APiWhoseGateWasReplacedIsGivenNoPrompt) {
  write_file(home.tool_gate, "export default function (pi) {}");
  options.gate_patience = 200ms;
  const auto outcome = run("run: touch made");
  EXPECT_THAT(outcome.text, HasSubstr("tool gate"));
  EXPECT_FALSE(fs::exists(settings.workspace / "made"));
}

TEST_F(RealPiTest, APiWhoseGateDoesNotLoadExits) {
  write_file(home.tool_gate, "export default function (pi { broken");
  EXPECT_THAT(run("run: touch made").text, HasSubstr("Failed to load extension"));
  fs::remove(home.tool_gate);
  EXPECT_THAT(run("run: touch made").text, HasSubstr("Extension path does not exist"));
  EXPECT_FALSE(fs::exists(settings.workspace / "made"));
}

TEST_F(RealPiTest, AnAbortWhileSomebodyIsAskedEndsTheCallAtOnce) {
  decide = testing_support::decides(policy::Verdict::ask);
  const auto job = make_job("run: touch made");
  PiAgent agent = make_agent(job);
  const auto begin = std::chrono::steady_clock::now();
  listener.on_ask = [&](const api::ApprovalRequest&) {
    agent.message(api::MessageMode::steer, "hurry up");
    agent.abort(60s);
  };
  EXPECT_EQ(run_to_end(context, agent.run(job, listener)).kind, Kind::aborted);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 40s);
  EXPECT_EQ(pool->size(), 1U);
  EXPECT_FALSE(fs::exists(settings.workspace / "made"));
}

TEST_F(RealPiTest, AfterADeathInAWaitTheSessionIsToldToGoOn) {
  decide = testing_support::decides(policy::Verdict::ask);
  {
    const auto job = make_job("run: echo x >> made");
    PiAgent agent = make_agent(job);
    listener.on_ask = [&](const api::ApprovalRequest&) { agent.abort(0ms); };  // by force
    EXPECT_EQ(run_to_end(context, agent.run(job, listener)).kind, Kind::aborted);
  }
  run_to_end(context, pool->shut_down(2s));
  open_pool();
  listener.interrupted =
      api::Approval{.tool_name = "bash", .input = json::Object{{"command", "echo x >> made"}}};
  listener.on_ask = nullptr;
  listener.decide({.allowed = true});
  // The note quotes the request, so that the scripted model makes the same call again.
  EXPECT_THAT(run("run: echo x >> made").text, HasSubstr("The tool said"));
  EXPECT_EQ(file_content(settings.workspace / "made"), "x\n");
  EXPECT_EQ(listener.asked.at(0).payload_hash, listener.asked.at(1).payload_hash);
  EXPECT_THAT(json::serialize(model.body), HasSubstr("Note from Butler"));
}

TEST_F(RealPiTest, AnErrorOfTheModelIsTheJobsFailureAndTheSessionGoesOn) {
  const auto outcome = run("refuse this");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("bad key"));
  EXPECT_EQ(run("hello").kind, Kind::completed);
}

TEST_F(RealPiTest, AnAbortInAToolEndsTheToolAndTheSessionStaysWarm) {
  const auto job = make_job("run: echo begun; sleep 600");
  PiAgent agent = make_agent(job);
  listener.on_event = [&](const api::ReportedEvent& event) {
    if (event.type == EventType::tool_update) agent.abort(60s);
  };
  const auto outcome = run_to_end(context, agent.run(job, listener));
  EXPECT_EQ(outcome.kind, Kind::aborted);
  listener.on_event = nullptr;
  EXPECT_EQ(pool->size(), 1U);
  EXPECT_EQ(run("hello").kind, Kind::completed);
}

}  // namespace
}  // namespace butler::worker::pi_real_test
