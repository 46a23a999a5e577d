#pragma once

#include <span>
#include <string_view>

#include "domain/embedded_file.hpp"

namespace butler::worker {

/// The text files compiled into the worker: the tool gate, the memory's first texts.
std::span<const domain::EmbeddedFile> agent_files();

/// One of them by name. The name is one of those in CMakeLists.txt.
std::string_view agent_file(std::string_view name);

}  // namespace butler::worker
