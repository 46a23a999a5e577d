#pragma once

#include <cstddef>
#include <iosfwd>

namespace butler::cli {

/// `butler render`: Markdown in, {"parts": [{"text", "entities"}]} out, as the gateway would send it. Returns
/// exit_ok.
int render_messages(std::istream& in, std::size_t limit, std::ostream& out);

}  // namespace butler::cli
