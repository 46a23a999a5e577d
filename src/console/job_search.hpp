#pragma once

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/types.hpp"
#include "console/connection.hpp"

namespace butler::console {

/// A tool call that waits for somebody's decision, and the job that makes it.
struct WaitingCall {
  domain::Job job = {};
  api::Approval approval = {};
};

/// What an id can name.
using Named = std::variant<domain::Job, WaitingCall>;

/// The jobs and calls that an id names: the whole id, or as many first characters of its random part as make
/// it the only one, as in the chat. Pure.
std::vector<Named> find_named(std::span<const domain::Job> jobs, std::span<const WaitingCall> calls,
                              std::string_view typed);

/// Says that nothing has this id, or lists what has. Pure.
///
/// @param command  how the command goes on, "butler job show"
std::string which_one(std::span<const Named> found, std::string_view typed, std::string_view command,
                      domain::Timestamp now);

/// The job that an id names, with its text. Throws Failure when there is none, or more than one.
boost::asio::awaitable<domain::Job> find_job(Connection& connection, std::string typed, std::string command);

/// As find_job(), and among the calls that wait for a decision.
boost::asio::awaitable<Named> find_job_or_call(Connection& connection, std::string typed,
                                               std::string command);

/// Jobs of the query, page by page, newest first, at most `most`.
boost::asio::awaitable<std::vector<domain::Job>> jobs_matching(Connection& connection, api::JobQuery query,
                                                               std::size_t most);

/// The calls of running jobs that wait for a decision, oldest first.
boost::asio::awaitable<std::vector<WaitingCall>> waiting_calls(Connection& connection);
boost::asio::awaitable<std::vector<WaitingCall>> waiting_calls_of(Connection& connection, domain::Job job);

}  // namespace butler::console
