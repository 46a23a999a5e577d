#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "mcp_wrappers/manifest.hpp"

/// What `init`, `add` and `remove` make of the two files' texts. What they do not know stays as it is, in its
/// order; comments cannot be kept, and are an error before anything is changed.
namespace butler::mcp_wrappers {

/// Both files.
struct Texts {
  std::string manifest;  ///< mcp-clis.json
  std::string servers;   ///< mcporter.json

  bool operator==(const Texts&) const = default;
};

/// No server and no wrapper.
Texts empty_texts();

/// JSON as people write it: two spaces, a member a line.
std::string indented(const json::Value& value);

/// Adds a server and its wrapper, both under the target's name. The error says what is there already, or what
/// is wrong.
std::expected<Texts, std::string> add_entry(const Texts& before, const Target& target,
                                            const json::Object& definition);

/// Takes a wrapper away, and its server unless another wrapper uses it.
std::expected<Texts, std::string> remove_entry(const Texts& before, const std::string& name);

}  // namespace butler::mcp_wrappers
