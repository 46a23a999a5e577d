#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/job.hpp"

/// The files that came with a request, and what their agent is told of them. Pure.
namespace butler::worker {

struct Attachment {
  /// Whether the model sees it.
  enum class Sight : std::uint8_t {
    no_picture,
    shown,
    too_large,
    too_many,
    unreadable,
    blind,  ///< it takes no pictures
  };

  std::string name;                          ///< as the orchestrator has it
  std::string kind = {};                     ///< photo, document, voice, audio, video; "" when nobody said so
  std::string sender_name = {};              ///< what its sender calls it; may be empty
  std::optional<std::int64_t> seconds = {};  ///< how long it lasts
  std::string place = {};                    ///< from the workspace; "" when it is not there
  std::string problem = {};                  ///< why it is not
  std::string media_type = {};
  std::uint64_t size = 0;
  Sight sight = Sight::no_picture;
  std::string transcript = {};
  std::string transcript_problem = {};  ///< why there is none, where there should be one
};

/// The job's attachments as it names them, with what its metadata `attachment.<n>` tells of them.
std::vector<Attachment> announced_attachments(const domain::Job& job);

/// What the agent is told before the request; "" without attachments.
std::string attachment_note(std::span<const Attachment> attachments);

}  // namespace butler::worker
