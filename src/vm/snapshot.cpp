#include "vm/snapshot.hpp"

#include <utility>

#include "process/role.hpp"
#include "vm/files.hpp"
#include "vm/tool.hpp"

namespace butler::vm {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// A state fits only the QEMU, the image and the hardware that it was made with.
asio::awaitable<std::expected<fs::path, std::string>> snapshot_of(MachineOptions options,
                                                                  std::string image_digest,
                                                                  std::int64_t workspace_mib,
                                                                  fs::path folder) {
  const auto version = co_await run_tool({"qemu-system-x86_64", "--version"}, "/");
  if (!version) co_return std::unexpected(version.error());
  Digest digest;
  digest.add("qemu", *version);
  digest.add("image", image_digest);
  digest.add("workspace", std::to_string(workspace_mib));
  for (const auto& argument : qemu_arguments(options.hardware, false)) digest.add("argument", argument);
  const auto file = folder / (digest.finish().substr(0, 16) + ".state");
  if (fs::exists(file)) co_return file;

  fs::create_directories(folder);
  auto machine = co_await Machine::start(options);
  if (!machine) co_return std::unexpected(machine.error());
  // Several may be at it: each has a file of its own until it is whole.
  auto fresh = file;
  fresh += ".new-" + process::random_hex(4);
  const auto saved = co_await (*machine)->save(fresh);
  co_await (*machine)->stop(std::chrono::milliseconds{0});
  std::error_code missing;
  if (!saved) fs::remove(fresh, missing);
  if (!saved) co_return std::unexpected(saved.error());
  fs::rename(fresh, file);
  co_return file;
}

}  // namespace butler::vm
