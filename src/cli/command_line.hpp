#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace CLI {
class App;
}

/// What the files of the command groups share.
namespace butler::cli {

enum class Format : std::uint8_t { text, json };

constexpr Format format_of(bool json) { return json ? Format::json : Format::text; }

/// What a command does; returns the exit status.
using Action = std::function<int()>;

/// Adds a command to the program or to a group. `chosen`, which outlives the command line, becomes its action
/// when it is given.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& meaning, Action& chosen,
                      Action action);

/// Adds a group, of which one command must be given.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& meaning);

}  // namespace butler::cli
