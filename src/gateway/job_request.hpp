#pragma once

#include <cstdint>
#include <string>

#include "api/types.hpp"
#include "domain/job.hpp"
#include "gateway/access.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// Who asks for a job, and where.
struct JobOrigin {
  std::int64_t bot_id = 0;
  std::int64_t update_id = 0;  ///< the message's: the job is created once for it
  const telegram::Message& message;
  const telegram::Person& person;
  domain::Role role = domain::Role::person;
};

/// The turn that asks for a job in a session: all that its creation will send, the same for each try. Pure.
NewTurn job_request(const JobOrigin& origin, domain::JobKind kind, const std::string& prompt,
                    const Session& session);

/// What the creation of a turn's job sends. Throws std::logic_error for a body that we have not written.
api::CreateJobRequest request_of(const NewTurn& turn);

/// The turn's body with another prompt.
std::string body_with_prompt(const NewTurn& turn, std::string prompt);

}  // namespace butler::gateway
