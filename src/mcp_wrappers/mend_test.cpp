#include "mcp_wrappers/mend.hpp"

#include <gmock/gmock.h>

namespace butler::mcp_wrappers::mend_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// The lines of a wrapper of mcporter 0.12.3 that matter here; the tool's own go into the middle.
std::string generated(const std::string& tool) {
  return "#!/usr/bin/env node\n"
         "import path from 'node:path';\n"
         "const embeddedServer = {\n"
         "  \"command\": {\n"
         "    \"command\": \"node\",\n"
         "    \"cwd\": \"/home/mcp/workshop-1\",\n"
         "    \"kind\": \"stdio\"\n"
         "  },\n"
         "} as const;\n" +
         tool +
         "\t\t\tawait runtimeContext.close(serverName).catch(() => {});\n"
         "\tconst rawPayload = unwrapRawPayload(wrapped.raw);\n"
         "async function ensureRuntime() {\n"
         "\trunCli().catch((error) => {\n";
}

std::string mended(const std::string& tool) {
  return mend_source(generated(tool), "/home/mcp/workshop-1", 7s).value_or("not mended");
}

TEST(Mending, ArgumentsMayHaveAnyName) {
  const auto text = mended(
      "\t\t\t\tif (cmdOpts.someArg !== undefined) args.some-arg = cmdOpts.someArg;\n"
      "\t\tif (cmdOpts.other.argX !== undefined) args.other.arg-x = cmdOpts.other.argX;\n"
      "\t\tif (cmdOpts.1st !== undefined) args.1st = cmdOpts.1st;\n"
      "\t\tif (cmdOpts.it's !== undefined) args.it's = cmdOpts.it's;\n"
      "\t\tif (cmdOpts.a !== undefined) args.say \"x\" = cmdOpts.a;\n");
  EXPECT_THAT(
      text,
      HasSubstr(
          "\t\t\t\tif (cmdOpts[\"someArg\"] !== undefined) args[\"some-arg\"] = cmdOpts[\"someArg\"];\n"));
  EXPECT_THAT(text, HasSubstr("args[\"other.arg-x\"] = cmdOpts[\"other.argX\"];\n"));
  EXPECT_THAT(text, HasSubstr("args[\"1st\"] = cmdOpts[\"1st\"];\n"));
  EXPECT_THAT(text, HasSubstr("args[\"it's\"] = cmdOpts[\"it's\"];\n"));
  EXPECT_THAT(text, HasSubstr("args[\"say \\\"x\\\"\"] = cmdOpts[\"a\"];\n"));
}

TEST(Mending, RequiredArgumentsToo) {
  const auto text = mended(
      "\t\t\t\tconst missingRequired = [{ value: cmdOpts.plain, flag: \"--plain\" }, { value: cmdOpts.1st, "
      "flag: \"--1st\" }]"
      ".filter((entry) => entry.value === undefined);\n");
  EXPECT_THAT(text, HasSubstr("[{ value: cmdOpts.plain, flag: \"--plain\" }, { value: cmdOpts[\"1st\"], "
                              "flag: \"--1st\" }].filter"));
}

TEST(Mending, ChangesNothingElse) {
  const std::string same =
      "\t\tif (cmdOpts.reason !== undefined) args.reason = cmdOpts.reason;\n"
      "\t\tif (cmdOpts.a !== undefined) args.some-arg = cmdOpts.b;\n"
      "\t.addHelpText('after', () => \"mcporter call everything.get-sum(a: 1)\")\n"
      "  \"description\": \"if (cmdOpts.someArg !== undefined) args.some-arg = cmdOpts.someArg;\",\n"
      "\tconsole.log(\"args.some-arg = cmdOpts.someArg;\");\n"
      "    \"cwd\": \"/srv/data\",\n";
  EXPECT_THAT(mended(same), HasSubstr(same));
}

TEST(Mending, TheExitStatusIsTrueAndTheEndSure) {
  const auto text = mended("");
  EXPECT_THAT(text, HasSubstr("from './guard.mjs';\nimport path from 'node:path';\n"));
  EXPECT_THAT(text, HasSubstr("unwrapRawPayload(wrapped.raw);\n\tsettle(rawPayload);\n"));
  EXPECT_THAT(text, HasSubstr("async function ensureRuntime() {\n\tbegin();\n"));
  EXPECT_THAT(text, HasSubstr("\tguard(embeddedName, 7000);\n\trunCli().then(finish).catch((error) => {\n"));
  EXPECT_THAT(text, HasSubstr("\t\t\tawait close(runtimeContext, serverName);\n"));
}

TEST(Mending, TheServerWorksWhereItsCallerIs) { EXPECT_THAT(mended(""), Not(HasSubstr("workshop-1"))); }

TEST(Mending, RefusesWhatIsNotThePinnedMcportersText) {
  auto text = generated("");
  text.erase(text.find("async function ensureRuntime() {\n"), 33);
  EXPECT_FALSE(mend_source(text, "/x", 1s));
  EXPECT_FALSE(mend_source("", "/x", 1s));
  EXPECT_FALSE(mend_source(generated("") + generated(""), "/x", 1s)) << "once, not twice";
}

}  // namespace
}  // namespace butler::mcp_wrappers::mend_test
