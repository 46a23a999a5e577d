#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

/// Where paths lie. By their text alone: no file is looked at.
namespace butler::policy {

enum class Access : std::uint8_t { read, write };

/// The folders of a question, in their shortest form.
struct Folders {
  std::string workspace;
  std::string agent_home;
  std::string scratch;
  std::string butler_home;
  std::vector<std::string> readable;

  explicit Folders(const Question& question);
};

/// "/a/./b/../c" → "/a/c"; what is relative starts at `base`. ".." at the root stays there.
std::string normalise(std::string_view path, std::string_view base);

/// Whether a normalised path is the folder or lies in it.
bool is_within(std::string_view path, std::string_view folder);

/// Whether the text holds * ? or [.
bool has_wildcard(std::string_view text);

/// Whether a pattern of *, ** (also over slashes), ? and […] fits the whole text.
bool wildcard_match(std::string_view pattern, std::string_view text);

/// Whether a normalised path that may hold wildcards can lead out of its folder: "/a/.*" also means "/a/..".
bool may_climb(std::string_view path);

/// The place of a normalised path, which may hold wildcards. `whole_tree`: everything below it is meant as
/// well.
Place place_of(const Folders& folders, const std::string& path, Access access, bool whole_tree);

}  // namespace butler::policy
