#include "cli/doctor_trial.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <iostream>
#include <string_view>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "doctor/context.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "model_proxy/key_check.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds key_patience{6'000};

json::Object try_turn(const config::WorkerSettings& settings, sandbox::InitProgram init) {
  const auto outcome = worker::try_agent(settings, std::move(init));
  return {{"passed", outcome.passed}, {"sandbox", outcome.sandbox}, {"reason", outcome.reason}};
}

json::Object find_tier(const config::WorkerSettings& settings, sandbox::InitProgram init) {
  const auto tier = worker::usual_tier(settings, std::move(init));
  if (!tier) return {{"fault", tier.error()}};
  return {{"tier", *tier}};
}

std::string_view verdict_name(model_proxy::KeyVerdict verdict) {
  switch (verdict) {
    case model_proxy::KeyVerdict::accepted: return "accepted";
    case model_proxy::KeyVerdict::refused: return "refused";
    case model_proxy::KeyVerdict::unreachable: return "unreachable";
    case model_proxy::KeyVerdict::undecided: return "undecided";
  }
  return "?";
}

json::Object ask_provider(const config::WorkerSettings& settings) {
  auto upstream = worker::provider_upstream(settings);
  if (!upstream) return {{"fault", upstream.error()}};
  asio::io_context io{1};
  auto asked = asio::co_spawn(
      io, model_proxy::check_key(io.get_executor(), *std::move(upstream), key_patience), asio::use_future);
  // The timers of idle connections must not hold it up.
  while (asked.wait_for(std::chrono::seconds{0}) != std::future_status::ready && io.run_one() > 0) {
  }
  const auto report = asked.get();
  json::Object said{{"verdict", verdict_name(report.verdict)}, {"reason", report.reason}};
  if (const auto lists = model_proxy::lists_model(report, settings.model)) said["listsModel"] = *lists;
  return said;
}

json::Object carry_out(const std::string& what) {
  const auto context = doctor::make_context(asio::system_executor{}, config::load(config::this_start()));
  if (!context.worker) return {{"fault", "the worker's configuration is wrong"}};
  auto init = sandbox::InitProgram::beside_this_program();
  make_files_private();
  process::drop_root(agent_user);
  process::harden(false);
  if (what == "provider") return ask_provider(*context.worker);
  if (what == "tier") return find_tier(*context.worker, std::move(init));
  return try_turn(*context.worker, std::move(init));
}

}  // namespace

int run_doctor_trial(const std::string& what) {
  log::start("doctor", log::Level::error);
  json::Object said;
  try {
    said = carry_out(what);
  } catch (const std::exception& fault) {
    said = {{"fault", fault.what()}};
  }
  std::cout << json::serialize(said) << '\n';
  return exit_ok;
}

}  // namespace butler::cli
