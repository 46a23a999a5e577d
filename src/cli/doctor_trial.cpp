#include "cli/doctor_trial.hpp"

#include <boost/asio/system_executor.hpp>
#include <exception>
#include <iostream>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "doctor/context.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace {

json::Object try_turn(const config::WorkerSettings& settings, sandbox::InitProgram init) {
  const auto outcome = worker::try_agent(settings, std::move(init));
  return {{"passed", outcome.passed}, {"sandbox", outcome.sandbox}, {"reason", outcome.reason}};
}

json::Object find_tier(const config::WorkerSettings& settings, sandbox::InitProgram init) {
  const auto tier = worker::usual_tier(settings, std::move(init));
  if (!tier) return {{"fault", tier.error()}};
  return {{"tier", *tier}};
}

json::Object ask_provider(const config::WorkerSettings& settings) {
  if (const auto problem = worker::provider_problem(settings)) return {{"fault", *problem}};
  return {};
}

json::Object carry_out(const std::string& what) {
  const auto context =
      doctor::make_context(boost::asio::system_executor{}, config::load(config::this_start()));
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
