#include "mcp_wrappers/manifest.hpp"

#include <gmock/gmock.h>

namespace butler::mcp_wrappers::manifest_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string manifest_problem(std::string_view text) {
  const auto read = parse_manifest(text);
  return read ? "" : read.error();
}

TEST(Manifest, NamesWrappersAndTheServersThatTheyCall) {
  const auto targets = parse_manifest(R"({"targets": [
    {"name": "everything", "selector": "everything-server"},
    {"name": "fs", "selector": "files", "emitTypes": false, "timeoutMs": 2500}]})");
  ASSERT_TRUE(targets) << targets.error();
  EXPECT_THAT(*targets,
              ElementsAre(Target{.name = "everything", .selector = "everything-server"},
                          Target{.name = "fs", .selector = "files", .emit_types = false, .timeout = 2500ms}));
}

TEST(Manifest, MayHaveNoTargets) {
  const auto targets = parse_manifest(R"({"targets": []})");
  ASSERT_TRUE(targets) << targets.error();
  EXPECT_THAT(*targets, IsEmpty());
}

TEST(Manifest, IsStrictAndSaysWhereAndWhat) {
  struct Case {
    const char* text;
    const char* problem;
  };
  for (const auto& [text, problem] : {
           Case{"[]", "the file: expected an object"},
           Case{"{}", "expected the member \"targets\""},
           Case{R"({"targets": {}})", "targets: expected a list"},
           Case{R"({"targets": [], "tragets": []})", "unknown member \"tragets\""},
           Case{R"({"targets": [{"name": "a", "selector": "a", "emitType": true}]})",
                "targets/0: unknown member \"emitType\""},
           Case{R"({"targets": [{"name": "a"}]})", "targets/0: expected the member \"selector\""},
           Case{R"({"targets": [{"name": "a", "selector": ""}]})", "targets/0/selector: expected a text"},
           Case{R"({"targets": [{"name": "a/b", "selector": "a"}]})", "targets/0/name: a name has"},
           Case{R"({"targets": [{"name": "a", "selector": "a", "emitTypes": "yes"}]})",
                "expected true or false"},
           Case{R"({"targets": [{"name": "a", "selector": "a", "timeoutMs": 0}]})", "targets/0/timeoutMs"},
           Case{R"({"targets": [{"name": "a", "selector": "a", "timeoutMs": 3600001}]})",
                "targets/0/timeoutMs"},
           Case{R"({"targets": [{"name": "a", "selector": "a"}, {"name": "a", "selector": "b"}]})",
                "targets/1: there is a target \"a\" already"},
           Case{R"({"targets": [], "binDir": "/usr/bin"})", "BUTLER_MCP_BIN_DIR"},
           Case{R"({"targets": [])", "incomplete"},
       }) {
    EXPECT_THAT(manifest_problem(text), HasSubstr(problem)) << text;
  }
}

TEST(Manifest, AWrapperHasALittleMoreTimeThanACall) {
  EXPECT_EQ(limit_of(Target{.name = "a", .selector = "a", .timeout = 2s}), 7s);
}

}  // namespace
}  // namespace butler::mcp_wrappers::manifest_test
