#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "domain/job.hpp"
#include "domain/timestamp.hpp"

/// Jobs in words, as people see them in chats and in terminals. Nothing in them steers a terminal. Pure.
namespace butler::domain {

/// "waits for approval", "running", "done"…
std::string_view status_words(JobStatus status);

/// "3 s", "2 min", "5 h", "4 days".
std::string age(std::chrono::milliseconds time);

/// How long the job has been in its status, until `now` or its end: "for 2 min", "after 3 s".
std::string duration_words(const Job& job, Timestamp now);

/// "a1b2c3 · running for 2 min · tidy my notes". `deciding`: it waits for a decision about a tool call.
std::string job_line(const Job& job, Timestamp now, bool deciding = false);

}  // namespace butler::domain
