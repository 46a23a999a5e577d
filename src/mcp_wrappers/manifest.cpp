#include "mcp_wrappers/manifest.hpp"

#include <array>
#include <set>

#include "mcp_wrappers/names.hpp"
#include "mcp_wrappers/reading.hpp"

namespace butler::mcp_wrappers {

namespace {

constexpr std::int64_t longest_timeout_ms = 3'600'000;

/// Other programs that read such a file have the places in it. Here they follow one variable, because the
/// agent's sandbox has to show them.
void refuse_places(const json::Object& file) {
  for (const char* const name : {"binDir", "typesDir", "templateDir", "mcporterConfigPath"}) {
    if (file.contains(name)) {
      refuse_file("the file",
                  std::string{"\""} + name +
                      "\" cannot be chosen here: wrappers lie in BUTLER_MCP_BIN_DIR and the folders "
                      "beside it, the servers in mcporter.json beside this file");
    }
  }
}

std::chrono::milliseconds read_timeout(const json::Value& value, const std::string& where) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 1 || *number > longest_timeout_ms)
    refuse_file(where, "expected a whole number of milliseconds, 1 to 3600000");
  return std::chrono::milliseconds{*number};
}

Target read_target(const json::Value& value, const std::string& where) {
  static constexpr std::array<std::string_view, 4> known{"name", "selector", "emitTypes", "timeoutMs"};
  const auto& object = expect_object(value, where);
  refuse_unknown_members(object, where, known);
  Target target;
  target.name = expect_text(expect_member(object, "name", where), where + "/name");
  if (const auto problem = spelling_problem(target.name)) refuse_file(where + "/name", *problem);
  target.selector = expect_text(expect_member(object, "selector", where), where + "/selector");
  if (const auto* types = object.if_contains("emitTypes"))
    target.emit_types = expect_bool(*types, where + "/emitTypes");
  if (const auto* timeout = object.if_contains("timeoutMs"))
    target.timeout = read_timeout(*timeout, where + "/timeoutMs");
  return target;
}

}  // namespace

std::expected<std::vector<Target>, std::string> parse_manifest(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  try {
    static constexpr std::array<std::string_view, 1> known{"targets"};
    const auto& file = expect_object(*value, "the file");
    refuse_places(file);
    refuse_unknown_members(file, "the file", known);
    std::vector<Target> targets;
    std::set<std::string> names;
    for (const auto& item : expect_array(expect_member(file, "targets", "the file"), "targets")) {
      const auto where = "targets/" + std::to_string(targets.size());
      auto target = read_target(item, where);
      if (!names.insert(target.name).second)
        refuse_file(where, "there is a target \"" + target.name + "\" already");
      targets.push_back(std::move(target));
    }
    return targets;
  } catch (const WrongFile& problem) {
    return std::unexpected(problem.what);
  }
}

}  // namespace butler::mcp_wrappers
