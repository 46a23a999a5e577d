#include "mcp_wrappers/launcher.hpp"

#include <algorithm>
#include <array>

#include "digest/sha256.hpp"

namespace butler::mcp_wrappers {

namespace {

constexpr std::string_view first_lines =
    "#!/bin/sh\n"
    "# Made by `butler mcp sync`, which makes it anew: change the two files in config instead.\n";
constexpr std::string_view mark_line = "// Made by `butler mcp sync`.\n";
constexpr std::string_view inputs_mark = "# inputs ";
constexpr std::string_view program_mark = " program ";
constexpr std::size_t digest_length = 64;
/// Changes when wrappers are made in another way, so that all of them count as stale.
constexpr std::string_view way_of_making = "2";

/// The way out of an agent's sandbox: for the wrapper itself, when it is the one that calls the server.
constexpr std::array<std::string_view, 7> way_out{
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy", "NODE_USE_ENV_PROXY"};

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + '\'';
}

/// Passed on when it is set, also when it is empty.
std::string pass_on(std::string_view name) {
  const std::string text{name};
  return " ${" + text + "+\"" + text + "=$" + text + "\"}";
}

bool is_digest(std::string_view text) {
  return text.size() == digest_length &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string seconds(std::chrono::milliseconds duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

std::string digest_inputs(const Target& target, const Server& server, std::string_view mcporter) {
  const json::Object inputs{{"way", way_of_making},
                            {"mcporter", mcporter},
                            {"name", target.name},
                            {"timeoutMs", target.timeout.count()},
                            {"server", server.definition}};
  return digest::sha256_hex(json::serialize(inputs));
}

std::string render_launcher(const Target& target, const Server& server, const std::filesystem::path& node,
                            const std::filesystem::path& program, const Digests& digests) {
  std::string text{first_lines};
  text += std::string{inputs_mark} + digests.inputs + std::string{program_mark} + digests.program + '\n';
  text += "exec /usr/bin/env -i PATH=\"${PATH:+$PATH:}\"" + shell_word(node.parent_path().string()) +
          " HOME=\"$HOME\" LANG=\"${LANG:-C.UTF-8}\" TMPDIR=\"${TMPDIR:-/tmp}\"";
  for (const auto& name : server.variables) text += pass_on(name);
  if (server.remote) {
    for (const auto name : way_out) {
      if (std::ranges::find(server.variables, name) == server.variables.end()) text += pass_on(name);
    }
  }
  text += " \\\n  /usr/bin/timeout --foreground --kill-after=2 " + seconds(limit_of(target) + grace) + ' ' +
          shell_word(node.string()) + ' ' + shell_word(program.string()) + " \"$@\"\n";
  return text;
}

std::string marked_as_ours(std::string_view text) {
  if (text.starts_with("#!")) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return std::string{mark_line} + std::string{text};
}

bool is_marked_as_ours(std::string_view text) { return text.starts_with(mark_line); }

std::optional<Digests> read_digests(std::string_view launcher) {
  if (!launcher.starts_with(first_lines)) return std::nullopt;
  launcher.remove_prefix(first_lines.size());
  if (!launcher.starts_with(inputs_mark)) return std::nullopt;
  launcher.remove_prefix(inputs_mark.size());
  const auto line = launcher.substr(0, launcher.find('\n'));
  if (line.size() != 2 * digest_length + program_mark.size()) return std::nullopt;
  const auto inputs = line.substr(0, digest_length);
  const auto program = line.substr(digest_length + program_mark.size());
  if (line.substr(digest_length, program_mark.size()) != program_mark || !is_digest(inputs) ||
      !is_digest(program))
    return std::nullopt;
  return Digests{.inputs = std::string{inputs}, .program = std::string{program}};
}

}  // namespace butler::mcp_wrappers
