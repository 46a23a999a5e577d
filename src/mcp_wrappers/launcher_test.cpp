#include "mcp_wrappers/launcher.hpp"

#include <gmock/gmock.h>

#include "digest/sha256.hpp"

namespace butler::mcp_wrappers::launcher_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const Target target{.name = "fs", .selector = "files", .timeout = 2500ms};
const Server server{.definition = {{"command", "node"}}, .remote = false, .variables = {"FS_TOKEN"}};
const Digests digests{.inputs = digest::sha256_hex("inputs"), .program = digest::sha256_hex("program")};

std::string launcher_for(const Server& asked) {
  return render_launcher(target, asked, "/opt/it's/node", "/mcp/lib/fs.mjs", digests);
}

TEST(Launcher, PassesOnNothingButWhatIsDeclared) {
  const auto text = launcher_for(server);
  EXPECT_THAT(text, HasSubstr(" HOME=\"$HOME\" LANG=\"${LANG:-C.UTF-8}\" "
                              "TMPDIR=\"${TMPDIR:-/tmp}\" ${FS_TOKEN+\"FS_TOKEN=$FS_TOKEN\"} \\\n"));
  EXPECT_THAT(text, Not(HasSubstr("PROXY")));
}

TEST(Launcher, OfARemoteServerKnowsTheWayOut) {
  const auto text =
      launcher_for({.definition = {{"url", "https://a.example"}}, .remote = true, .variables = {"NO_PROXY"}});
  EXPECT_THAT(text, HasSubstr("${HTTPS_PROXY+\"HTTPS_PROXY=$HTTPS_PROXY\"}"));
  EXPECT_EQ(text.find("NO_PROXY+"), text.rfind(" ${NO_PROXY+") + 3) << "each once";
}

TEST(Launcher, HasADeadlineAndQuotesPaths) {
  EXPECT_THAT(
      launcher_for(server),
      HasSubstr(
          "/usr/bin/timeout --foreground --kill-after=2 13 '/opt/it'\\''s/node' '/mcp/lib/fs.mjs' \"$@\"\n"));
}

TEST(Launcher, PutsThePinnedNodesFolderLastOnThePath) {
  EXPECT_THAT(launcher_for(server),
              HasSubstr("exec /usr/bin/env -i PATH=\"${PATH:+$PATH:}\"'/opt/it'\\''s' HOME="));
}

TEST(Launcher, SaysWhatItWasMadeOf) {
  EXPECT_EQ(read_digests(launcher_for(server)), digests);
  EXPECT_EQ(read_digests("#!/bin/sh\necho mine\n"), std::nullopt);
  EXPECT_EQ(read_digests(""), std::nullopt);
  auto cut = launcher_for(server);
  cut.erase(cut.find(" program "));
  EXPECT_EQ(read_digests(cut), std::nullopt);
}

TEST(Launcher, FilesBesideItSayWhoseTheyAre) {
  EXPECT_EQ(marked_as_ours("#!/usr/bin/env node\nimport 'x';\n"),
            "// Made by `butler mcp sync`.\nimport 'x';\n");
  EXPECT_TRUE(is_marked_as_ours(marked_as_ours("export {};\n")));
  EXPECT_EQ(marked_as_ours("#!"), "// Made by `butler mcp sync`.\n");
  EXPECT_FALSE(is_marked_as_ours("export {};\n"));
}

TEST(Launcher, WhatDecidesHowItComesOutIsInTheDigest) {
  const auto usual = digest_inputs(target, server, "0.12.3");
  EXPECT_EQ(digest_inputs(target, server, "0.12.3"), usual);
  EXPECT_NE(digest_inputs(target, server, "0.12.4"), usual);
  auto slower = target;
  slower.timeout = 3s;
  EXPECT_NE(digest_inputs(slower, server, "0.12.3"), usual);
  auto other = server;
  other.definition["args"] = json::Array{"x"};
  EXPECT_NE(digest_inputs(target, other, "0.12.3"), usual);
  auto without_types = target;
  without_types.emit_types = false;
  EXPECT_EQ(digest_inputs(without_types, server, "0.12.3"), usual) << "types are no part of the wrapper";
}

}  // namespace
}  // namespace butler::mcp_wrappers::launcher_test
