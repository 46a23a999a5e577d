#include "vm/tool.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <string_view>

#include "process/child_process.hpp"
#include "process/program_lookup.hpp"

namespace butler::vm {

namespace asio = boost::asio;

namespace {

constexpr std::size_t output_limit = std::size_t{1024} * 1024;
constexpr std::size_t quoted_size = 600;

struct Package {
  std::string_view tool;
  std::string_view package;
};

constexpr std::array packages{
    Package{"qemu-system-x86_64", "qemu-system-x86"},
    Package{"qemu-img", "qemu-utils"},
    Package{"mkfs.ext4", "e2fsprogs"},
    Package{"busybox", "busybox-static"},
    Package{"mksquashfs", "squashfs-tools"},
    Package{"mmdebstrap", "mmdebstrap"},
    Package{"apt-config", "apt"},
    Package{"setpriv", "util-linux"},
};

std::string package_of(std::string_view tool) {
  const auto* const found = std::ranges::find(packages, tool, &Package::tool);
  return std::string{found == packages.end() ? tool : found->package};
}

std::string last_words(const std::string& output) {
  auto words = output.size() > quoted_size ? output.substr(output.size() - quoted_size) : output;
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words;
}

}  // namespace

std::vector<std::string> tool_environment() {
  return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8"};
}

std::expected<std::filesystem::path, std::string> find_tool(const std::string& name) {
  const auto found = process::find_program({name}, tool_environment(), "/");
  if (found) return *found;
  return std::unexpected("the program " + name + " is missing: install it with apt-get install " +
                         package_of(name));
}

asio::awaitable<std::expected<std::string, std::string>> run_tool(std::vector<std::string> arguments,
                                                                  std::filesystem::path folder) {
  const auto program = find_tool(arguments[0]);
  if (!program) co_return std::unexpected(program.error());
  const process::SpawnOptions options{.arguments = arguments,
                                      .environment = tool_environment(),
                                      .working_directory = folder,
                                      .program = *program,
                                      .stdin_mode = process::Stdin::null,
                                      .stderr_mode = process::Stderr::merged_into_stdout};
  auto child = process::ChildProcess::spawn(co_await asio::this_coro::executor, options);
  if (!child) co_return std::unexpected(child.error());
  std::string output;
  for (;;) {
    const auto bytes = co_await child->read_stdout();
    if (bytes.empty()) break;
    if (output.size() < output_limit) output += bytes;
  }
  const auto status = co_await child->wait();
  if (status.success()) co_return output;
  co_return std::unexpected(arguments[0] + " failed (" + status.describe() + "): " + last_words(output));
}

}  // namespace butler::vm
