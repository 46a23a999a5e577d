#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>

namespace butler::mcp_wrappers {

/// What mcporter generated, with its defects mended, and nothing else changed: arguments whose names are no
/// identifiers, the exit status of a tool that reports an error, a server that does not answer or does not
/// end (guard.mjs, which has to lie beside the source). `folder` is where it was generated: it is no longer
/// named as the folder of a server that has none of its own, so that this runs where its caller is. The
/// wrapper ends itself after `limit`.
///
/// The error says that the text is not that of the pinned mcporter.
std::expected<std::string, std::string> mend_source(std::string source, const std::filesystem::path& folder,
                                                    std::chrono::milliseconds limit);

}  // namespace butler::mcp_wrappers
