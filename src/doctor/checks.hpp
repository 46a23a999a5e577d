#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <span>

#include "doctor/context.hpp"
#include "doctor/doctor.hpp"
#include "doctor/finding.hpp"

namespace butler::doctor {

/// A check: gathers facts and lets a pure function judge them. The context outlives it. It may throw: that is
/// a finding, too.
using RunCheck = boost::asio::awaitable<Findings> (*)(const Context& context);

struct Check {
  CheckDescription description;
  std::chrono::milliseconds deadline;
  RunCheck run;
};

/// The one table of checks.
std::span<const Check> checks();

boost::asio::awaitable<Findings> check_configuration(const Context& context);
boost::asio::awaitable<Findings> check_secrets(const Context& context);
boost::asio::awaitable<Findings> check_users(const Context& context);
boost::asio::awaitable<Findings> check_permissions(const Context& context);
boost::asio::awaitable<Findings> check_databases(const Context& context);
boost::asio::awaitable<Findings> check_disk(const Context& context);
boost::asio::awaitable<Findings> check_clock(const Context& context);
boost::asio::awaitable<Findings> check_telegram(const Context& context);
boost::asio::awaitable<Findings> check_webhook(const Context& context);
boost::asio::awaitable<Findings> check_pollers(const Context& context);
boost::asio::awaitable<Findings> check_port(const Context& context);
boost::asio::awaitable<Findings> check_certificate(const Context& context);
boost::asio::awaitable<Findings> check_address(const Context& context);
boost::asio::awaitable<Findings> check_roles(const Context& context);
boost::asio::awaitable<Findings> check_runtime(const Context& context);
boost::asio::awaitable<Findings> check_turn(const Context& context);
boost::asio::awaitable<Findings> check_provider(const Context& context);
boost::asio::awaitable<Findings> check_sandbox(const Context& context);
boost::asio::awaitable<Findings> check_policy(const Context& context);
boost::asio::awaitable<Findings> check_mcp(const Context& context);
boost::asio::awaitable<Findings> check_memory(const Context& context);

}  // namespace butler::doctor
