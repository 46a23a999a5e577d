#pragma once

#include <boost/describe.hpp>

#include "gateway/attachment_decision.hpp"
#include "gateway/media.hpp"

/// Names of the enumerators, as gateway.db and the metadata of jobs spell them.
namespace butler::gateway {

BOOST_DESCRIBE_ENUM(FileKind, photo, document, voice, audio, video)
BOOST_DESCRIBE_ENUM(MissingReason, too_big, unavailable, unreachable, on_server_disk, no_room)

}  // namespace butler::gateway
