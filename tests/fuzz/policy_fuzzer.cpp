#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/policy.hpp"

namespace {

using namespace butler::policy;

Question about(std::string command) {
  return {.role = Requester::owner,
          .tool = "bash",
          .command = std::move(command),
          .cwd = "/home/butler/workspace",
          .workspace = "/home/butler/workspace",
          .agent_home = "/home/butler/agent/home",
          .scratch = "/home/butler/agent/tmp/s1",
          .butler_home = "/home/butler"};
}

}  // namespace

/// Any bytes come to an answer in bounded time; a command that begins with a destructive one is never
/// allowed, whatever follows it, and not within a group either.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Policy trusting = builtin_policy(Profile::trusting);
  const std::string text{reinterpret_cast<const char*>(data), size};
  const auto alone = decide(trusting, about(text));
  if (decide(trusting, about("rm -rf /srv/data\n" + text)).verdict == Verdict::allow) std::abort();
  if (decide(trusting, about(text + "\nrm -rf /srv/data")).verdict == Verdict::allow &&
      text.find("exit") == std::string::npos) {
    // Only when it is text there, not a command.
    const bool text_only = text.find_first_of("'\"#\\<") != std::string::npos;
    if (!text_only) std::abort();
  }
  // What breaks off can be something else within a group.
  const bool whole = alone.rule != "floor/not-understood" && !text.ends_with('\\');
  if (whole && decide(trusting, about("{ " + text + "\n}")).verdict < alone.verdict) std::abort();
  return 0;
}
