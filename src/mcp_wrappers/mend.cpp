#include "mcp_wrappers/mend.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "json/value.hpp"

namespace butler::mcp_wrappers {

namespace {

std::string js_text(std::string_view text) { return json::serialize(json::Value(text)); }

bool is_identifier(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  return !name.empty() && starts(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return starts(c) || (c >= '0' && c <= '9'); });
}

/// `if (cmdOpts.someArg !== undefined) args.some-arg = cmdOpts.someArg;`, as one line of its own and no
/// other.
std::optional<std::string> mend_assignment(std::string_view line) {
  constexpr std::string_view begin = "if (cmdOpts.";
  constexpr std::string_view middle = " !== undefined) args.";
  constexpr std::string_view assign = " = cmdOpts.";
  const auto indent = line.find_first_not_of('\t');
  if (indent == std::string_view::npos || !line.substr(indent).starts_with(begin) || !line.ends_with(';'))
    return std::nullopt;
  const auto text = line.substr(indent + begin.size(), line.size() - indent - begin.size() - 1);
  const auto after_option = text.find(middle);
  if (after_option == std::string_view::npos) return std::nullopt;
  const auto option = text.substr(0, after_option);
  const auto rest = text.substr(after_option + middle.size());
  const auto ending = std::string{assign} + std::string{option};
  if (!rest.ends_with(ending)) return std::nullopt;
  const auto argument = rest.substr(0, rest.size() - ending.size());
  if (is_identifier(option) && is_identifier(argument)) return std::nullopt;
  const auto read = "cmdOpts[" + js_text(option) + "]";
  return std::string{line.substr(0, indent)} + "if (" + read + " !== undefined) args[" + js_text(argument) +
         "] = " + read + ";";
}

/// `[{ value: cmdOpts.n, flag: "--n" }, …]` in the line that looks for what is missing.
std::optional<std::string> mend_required(std::string_view line) {
  constexpr std::string_view mark = "{ value: cmdOpts.";
  constexpr std::string_view end = ", flag: \"";
  const auto text = line.substr(std::min(line.find_first_not_of('\t'), line.size()));
  if (!text.starts_with("const missingRequired = [")) return std::nullopt;
  std::string mended;
  bool changed = false;
  for (;;) {
    const auto at = line.find(mark);
    const auto stop = at == std::string_view::npos ? at : line.find(end, at);
    if (stop == std::string_view::npos) break;
    const auto option = line.substr(at + mark.size(), stop - at - mark.size());
    mended += line.substr(0, at);
    if (is_identifier(option)) {
      mended += line.substr(at, stop - at);
    } else {
      mended += "{ value: cmdOpts[" + js_text(option) + "]";
      changed = true;
    }
    line.remove_prefix(stop);
  }
  if (!changed) return std::nullopt;
  return mended += line;
}

std::string mend_lines(std::string_view source, const std::string& folder_line) {
  std::string mended;
  mended.reserve(source.size() + 1024);
  while (!source.empty()) {
    const auto end = std::min(source.find('\n'), source.size());
    const auto line = source.substr(0, end);
    source.remove_prefix(std::min(end + 1, source.size()));
    const auto text = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    if (text == folder_line) continue;
    auto changed = mend_assignment(line);
    if (!changed) changed = mend_required(line);
    mended += changed ? *changed : std::string{line};
    mended += '\n';
  }
  return mended;
}

/// Replaces what has to be there; false when it is not, or not that often.
bool replace_text(std::string& text, std::string_view before, std::string_view after, bool once) {
  std::size_t count = 0;
  for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + after.size())) {
    text.replace(at, before.size(), after);
    ++count;
  }
  return once ? count == 1 : count >= 1;
}

}  // namespace

std::expected<std::string, std::string> mend_source(std::string source, const std::filesystem::path& folder,
                                                    std::chrono::milliseconds limit) {
  auto text = mend_lines(source, "\"cwd\": " + js_text(folder.string()) + ",");
  const auto guard = "\tguard(embeddedName, " + std::to_string(limit.count()) + ");\n";
  const bool found =
      replace_text(text, "import path from 'node:path';\n",
                   "import { begin, close, finish, guard, settle } from './guard.mjs';\nimport path from "
                   "'node:path';\n",
                   true) &&
      replace_text(text, "\tconst rawPayload = unwrapRawPayload(wrapped.raw);\n",
                   "\tconst rawPayload = unwrapRawPayload(wrapped.raw);\n\tsettle(rawPayload);\n", true) &&
      replace_text(text, "async function ensureRuntime() {\n",
                   "async function ensureRuntime() {\n\tbegin();\n", true) &&
      replace_text(text, "\trunCli().catch(", guard + "\trunCli().then(finish).catch(", true);
  // A server without tools has none of these.
  replace_text(text, "await runtimeContext.close(serverName).catch(() => {});",
               "await close(runtimeContext, serverName);", false);
  if (!found)
    return std::unexpected("mcporter has generated what Butler does not know: is it the pinned version?");
  return text;
}

}  // namespace butler::mcp_wrappers
