#pragma once

#include <expected>
#include <optional>
#include <string>

#include "api/types.hpp"
#include "console/connection.hpp"

/// What the terminal asks for.
namespace butler::console {

/// Why a text is no request: a sentence; nullopt when it is one. Pure.
std::optional<std::string> find_prompt_fault(const std::string& prompt);

/// A task of the terminal's. It works in the owners' workspace, as everything that did not come from a chat,
/// and nobody else hears of its end. Pure.
api::CreateJobRequest terminal_task(const std::string& prompt, const std::string& session_key,
                                    const std::string& person);

/// The job once more: for the same person, in the same conversation and with the same rights, and its answer
/// goes where the first one went. A command is approved again. Pure.
api::CreateJobRequest same_again(const domain::Job& job);

/// "cli:anna:1f3a9c02b7de": a conversation that nobody has had yet.
std::string fresh_session_key(const std::string& person);

/// Makes the job, once, whatever is lost on the way: `key` is unique for this request. Throws Failure.
boost::asio::awaitable<domain::Job> create_job(Connection& connection, api::CreateJobRequest request,
                                               std::string key);

/// The session of the terminal's latest job; a fresh one when there is none.
boost::asio::awaitable<std::string> latest_session(Connection& connection);

/// A key that no other request has.
std::string new_request_key();

}  // namespace butler::console
