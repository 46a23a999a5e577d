#include "doctor/trial.hpp"

#include <sys/stat.h>

#include <boost/asio/system_executor.hpp>
#include <exception>
#include <iostream>

#include "doctor/context.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/agent_trial.hpp"

namespace butler::doctor {

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

json::Object carry_out(const std::string& what) {
  const auto context = make_context(boost::asio::system_executor{}, config::load(config::this_start()));
  if (!context.worker) return {{"fault", "the worker's configuration is wrong"}};
  auto init = sandbox::InitProgram::beside_this_program();
  process::drop_root("butler");
  process::harden(false);
  ::umask(077);
  if (what == "tier") return find_tier(*context.worker, std::move(init));
  return try_turn(*context.worker, std::move(init));
}

}  // namespace

int run_trial(const std::string& what) {
  log::start("doctor", log::Level::error);
  json::Object said;
  try {
    said = carry_out(what);
  } catch (const std::exception& fault) {
    said = {{"fault", fault.what()}};
  }
  std::cout << json::serialize(said) << '\n';
  return 0;
}

}  // namespace butler::doctor
