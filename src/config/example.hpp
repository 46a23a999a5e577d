#pragma once

#include <string>

namespace butler::config {

/// The text of `.env.example`: every variable that has an effect, with its default and what it may be.
std::string render_env_example();

}  // namespace butler::config
