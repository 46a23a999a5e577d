#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <optional>
#include <string>

#include "api/types.hpp"
#include "console/connection.hpp"
#include "console/streams.hpp"

namespace butler::console {

using OnEvent = std::function<void(const api::Event&)>;

/// Hands on the job's events, from its first one, until the job has ended; returns it as it ended. Waits in
/// calls that the orchestrator answers when something happens. When the orchestrator is away it goes on from
/// the last event once it is back; throws Failure when that takes more than two minutes.
boost::asio::awaitable<domain::Job> follow_job(Connection& connection, std::string job_id, OnEvent on_event);

/// Shows the answer as it comes and what happens meanwhile. A signal of the set asks to abort the job, the
/// second one leaves it alone: nullopt. One that came before counts too.
boost::asio::awaitable<std::optional<domain::Job>> watch_job(Connection& connection, std::string job_id,
                                                             Streams streams,
                                                             boost::asio::signal_set& signals);

/// Asks to stop a job, until there is an answer.
api::Call<domain::Job> abort_job(Connection& connection, std::string job_id);

/// The exit status of a command that waited for a job: 0 when it is done, 1 when it is not, 130 when nobody
/// waited to the end.
int exit_status_of(const std::optional<domain::Job>& job);

/// What a command that waited for a job says at its end: on `out` with JSON the job, else on `status` why it
/// failed.
void report_end(const std::optional<domain::Job>& job, std::string_view job_id, Streams streams);

}  // namespace butler::console
