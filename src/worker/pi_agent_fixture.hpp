#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <thread>

#include "domain/embedded_file.hpp"
#include "process/process_tree.hpp"
#include "worker/pi_agent.hpp"
#include "worker/session_store.hpp"
#include "worker/test_support.hpp"

namespace butler::worker {

std::span<const domain::EmbeddedFile> pi_stand_in();

namespace testing_support {

/// The agent with a stand-in for pi (pi_stand_in.py), whose behaviour the prompt's first word chooses.
class PiAgentTest : public testing::Test {
 protected:
  PiAgentTest() {
    settings.home = folder.path() / "home";
    settings.workspace = folder.path() / "workspace";
    settings.session_root = folder.path() / "sessions";
    settings.mcp_bin_dir = folder.path() / "mcp";
    settings.provider = "mock";
    settings.model = "mock-1";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"key-for-the-provider"};
    for (const auto& path : {settings.home, settings.workspace, settings.session_root})
      std::filesystem::create_directory(path);
    const auto script = folder.path() / "pi_stand_in.py";
    write_file(script, pi_stand_in().front().content);
    become({}, script);
    home = prepare_agent_home(settings.home);
    write_file(home.folder / "models.json", models_json("http://127.0.0.1:9/v1"));
    services.emplace(context.get_executor(), settings);
  }

  void TearDown() override {
    if (!pool) return;
    run_to_end(context, pool->shut_down(std::chrono::seconds{1}));
    run_to_end(context, services->shut_down());
  }

  /// Chooses the stand-in's version and how it starts.
  void become(std::vector<std::string> variables, std::filesystem::path script = {}) {
    if (script.empty()) script = settings.pi_command.back();
    settings.pi_command = {"/usr/bin/env"};
    settings.pi_command.insert(settings.pi_command.end(), variables.begin(), variables.end());
    settings.pi_command.insert(settings.pi_command.end(), {"python3", script.string()});
  }

  SessionPool& sessions() {
    if (!pool) {
      pool.emplace(
          context.get_executor(),
          [this](const Conversation& conversation) {
            return open_pi_session(context.get_executor(), settings, home, *services, sandbox, conversation);
          },
          idle_limit);
    }
    return *pool;
  }

  PiAgent make_agent(const std::string& session = "telegram:1:v1") {
    const auto talk = conversation(session);
    auto place = call_place(make_job("", session), talk, settings, home.user_home.string());
    return PiAgent{context.get_executor(), sessions(), talk, ToolGate{std::move(place), decide}, options};
  }
  Conversation conversation(const std::string& session) {
    return conversation_of(make_job("", session), settings);
  }

  Outcome run(const std::string& prompt, const std::string& session = "telegram:1:v1") {
    auto agent = make_agent(session);
    return run_to_end(context, agent.run(make_job(prompt, session), listener));
  }

  /// Runs the prompt; at the first event of `type`, `act` is called with the agent.
  Outcome run_and(domain::EventType type, const std::string& prompt,
                  const std::function<void(PiAgent&)>& act) {
    auto agent = make_agent();
    bool done = false;
    listener.on_event = [&](const api::ReportedEvent& event) {
      if (event.type != type || std::exchange(done, true)) return;
      act(agent);
    };
    auto outcome = run_to_end(context, agent.run(make_job(prompt), listener));
    listener.on_event = nullptr;
    return outcome;
  }

  std::filesystem::path session_folder() const {
    return settings.session_root / session_name("telegram:1:v1");
  }
  std::string commands() const { return file_content(session_folder() / "commands.log"); }

  /// True when a process with this folder's name in its command line lives.
  bool anything_runs() const {
    return std::ranges::any_of(process::list_processes(), [&](const process::ProcessEntry& entry) {
      const auto command =
          file_content(std::filesystem::path{"/proc"} / std::to_string(entry.pid) / "environ");
      return entry.state != 'Z' && command.find(folder.path().string()) != std::string::npos;
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

  TempFolder folder;
  boost::asio::io_context context{1};
  config::WorkerSettings settings;
  AgentHome home;
  PiAgentOptions options;
  Decide decide = decides(policy::Verdict::allow);
  std::chrono::milliseconds idle_limit{60'000};
  PlainSandbox sandbox;
  std::optional<AgentServices> services;
  std::optional<SessionPool> pool;
  ListenerLog listener{context};
};

}  // namespace testing_support
}  // namespace butler::worker
