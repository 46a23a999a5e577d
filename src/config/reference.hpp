#pragma once

#include <string>

namespace butler::config {

/// The text of docs/configuration.md: every variable of the table, with what it may be and who reads it, as
/// Markdown.
std::string render_reference();

}  // namespace butler::config
