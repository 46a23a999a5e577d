// Milliseconds from nothing until /usr/bin/true runs in a sandbox; one JSON line for each tier.
//
//   butler_sandbox_bench FOLDER [STARTS]
//
// FOLDER is the workspace. Run it as another user than root.
#include "sandbox/sandbox.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace {

using namespace butler;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// Until start() returns: the program runs, or has ended already.
double start_once(sandbox::Sandbox& sandbox, const std::filesystem::path& folder) {
  boost::asio::io_context io;
  sandbox::Spec spec{.arguments = {"/usr/bin/true"}, .environment = {"PATH=/usr/bin"}};
  spec.workspace = folder;
  spec.stdin_mode = process::Stdin::null;
  const auto begin = std::chrono::steady_clock::now();
  const auto started = sandbox.start(io.get_executor(), spec, [](http::ListeningSocket) {});
  const Milliseconds took = std::chrono::steady_clock::now() - begin;
  if (started) return took.count();
  std::fprintf(stderr, "%s\n", started.error().c_str());
  std::exit(EXIT_FAILURE);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return EXIT_FAILURE;
  const int starts = count > 2 ? std::atoi(arguments[2]) : 30;
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../butler-sandbox-init";
  for (const auto tier : {sandbox::Tier::bwrap, sandbox::Tier::landlock, sandbox::Tier::none}) {
    const auto sandbox = sandbox::make_sandbox(tier, sandbox::InitProgram{program});
    std::vector<double> times;
    times.reserve(static_cast<std::size_t>(starts));
    for (int i = 0; i < starts; ++i) times.push_back(start_once(*sandbox, arguments[1]));
    std::ranges::sort(times);
    std::printf("{\"profile\": \"%s\", \"median_ms\": %.1f, \"least_ms\": %.1f, \"most_ms\": %.1f}\n",
                sandbox->profile().c_str(), times[times.size() / 2], times.front(), times.back());
  }
}
