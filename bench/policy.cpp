// Measures decisions of the policy and prints one JSON line: microseconds per decision, over the commands of
// the corpus and for the slowest of them.
//
//   butler_policy_bench CORPUS.json SECONDS

#include "policy/policy.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "json/value.hpp"

namespace {

using namespace butler;
using Clock = std::chrono::steady_clock;

std::vector<policy::Question> questions(const char* file) {
  std::ifstream stream{file};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  const auto cases = json::parse(text).value();
  std::vector<policy::Question> all;
  for (const auto& one : cases.as_array()) {
    all.push_back({.role = policy::Requester::owner,
                   .chat_id = "7",
                   .tool = "bash",
                   .command = std::string{std::string_view{one.at("command").as_string()}},
                   .cwd = "/home/butler/workspace",
                   .workspace = "/home/butler/workspace",
                   .agent_home = "/home/butler/agent/home",
                   .scratch = "/home/butler/agent/tmp/s1",
                   .butler_home = "/home/butler"});
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto asked = questions(argv[1]);
  const auto policy = policy::builtin_policy(policy::Profile::balanced);
  std::vector<double> best(asked.size(), 1e9);
  const auto end = Clock::now() + std::chrono::duration<double>(std::atof(argv[2]));
  double total = 0;
  std::size_t decisions = 0;
  while (Clock::now() < end) {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto before = Clock::now();
      policy::decide(policy, asked[i]);
      const double took = std::chrono::duration<double, std::micro>(Clock::now() - before).count();
      best[i] = std::min(best[i], took);
      total += took;
      ++decisions;
    }
  }
  auto sorted = best;
  std::ranges::sort(sorted);
  std::printf(
      "{\"decisions\": %zu, \"mean_us\": %.2f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"slowest_us\": %.2f}\n",
      decisions, total / static_cast<double>(decisions), sorted[sorted.size() / 2],
      sorted[sorted.size() * 99 / 100], sorted.back());
  return 0;
}
