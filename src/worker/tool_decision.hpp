#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "domain/job.hpp"
#include "json/value.hpp"
#include "policy/policy.hpp"
#include "worker/call_question.hpp"
#include "worker/conversation.hpp"

/// From a tool call to the policy's question, and from the policy's decision to words. Pure.
namespace butler::worker {

/// For whom and where an agent works: what all its calls have in common.
struct CallPlace {
  policy::Question common;      ///< without tool, command, path and host
  std::string sandbox_profile;  ///< names the tier and the version of its profile
};

/// Whose agent it is, in the policy's words. Pure.
policy::Requester requester_of(const WorkspaceOwner& owner);

/// What is known of it before the agent runs.
CallPlace call_place(const domain::Job& job, const Conversation& conversation,
                     const config::WorkerSettings& settings, std::string agent_home);

/// Decides a question by the policy that holds now.
using Decide = std::function<policy::Decision(const policy::Question&)>;

/// The path that pi's tools mean by an argument: they take an `@` off its begin and read every space of
/// Unicode's as a plain one. The error is a sentence: a `file://` address hides which file it means.
std::expected<std::string, std::string> path_as_pi_reads_it(std::string_view argument);

/// The question that a call is. Arguments that are no text are passed on as JSON: no rule fits them. The
/// error is a sentence for the agent.
std::expected<policy::Question, std::string> question_of(const CallPlace& place, const CallQuestion& call);
policy::Question question_of(const CallPlace& place, const HostQuestion& host);

/// What the person should weigh: the classes in words, and why it is asked.
std::string risk_words(const policy::Decision& decision);

/// What the agent reads about a call that the policy forbids.
std::string denial_words(const policy::Decision& decision);

}  // namespace butler::worker
