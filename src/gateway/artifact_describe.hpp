#pragma once

#include <boost/describe.hpp>

#include "domain/enum_name.hpp"
#include "telegram/upload.hpp"

/// Names of the enumerators, as the outbox spells them: those of api::ArtifactKind.
namespace butler::telegram {

BOOST_DESCRIBE_ENUM(UploadKind, photo, document, voice, audio, video)

}  // namespace butler::telegram
