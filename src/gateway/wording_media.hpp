#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/artifact_plan.hpp"
#include "gateway/attachment_decision.hpp"
#include "gateway/language.hpp"
#include "gateway/media.hpp"
#include "telegram/bot_api.hpp"

/// What Butler says about files, in chats. Plain text. Pure.
namespace butler::gateway::wording {

/// A file that came with a request could not be fetched; the request goes on without it.
std::string file_missing(Language language, std::string_view file_name, MissingReason reason,
                         std::int64_t most);
/// A file that is known not to be fetched before anything was tried.
std::string file_left_out(Language language, std::string_view file_name, FileProblem problem,
                          const FileLimits& limits);
/// Files of the agent's that could not be sent, why, and where they are.
std::string files_not_sent(Language language, const FilesMessage& message, const telegram::ApiError& error);
/// What a job has kept, in one line; "" when that is nothing.
std::string files_of_job(Language language, const std::vector<api::Artifact>& artifacts);

/// A size as people read it: "800 KB", "3 MB".
std::string size_words(std::int64_t bytes);

}  // namespace butler::gateway::wording
