#include "vm/disk.hpp"

#include <vector>

#include "vm/tool.hpp"

namespace butler::vm {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

asio::awaitable<std::expected<void, std::string>> make(fs::path raw, fs::path file, int mebibytes) {
  const std::vector<std::string> format{"mkfs.ext4",
                                        "-q",
                                        "-F",
                                        "-m",
                                        "0",
                                        "-E",
                                        "root_owner=1000:1000",
                                        raw.string(),
                                        std::to_string(mebibytes) + "M"};
  const auto formatted = co_await run_tool(format, "/");
  if (!formatted) co_return std::unexpected(formatted.error());
  const std::vector<std::string> convert{"qemu-img", "convert", "-f",         "raw",
                                         "-O",       "qcow2",   raw.string(), file.string()};
  const auto converted = co_await run_tool(convert, "/");
  if (!converted) co_return std::unexpected(converted.error());
  co_return std::expected<void, std::string>{};
}

}  // namespace

asio::awaitable<std::expected<void, std::string>> make_disk(fs::path file, int mebibytes) {
  auto raw = file;
  raw += ".raw";
  auto fresh = file;
  fresh += ".new";
  auto made = co_await make(raw, fresh, mebibytes);
  std::error_code error;
  fs::remove(raw, error);
  if (made) fs::rename(fresh, file);
  co_return made;
}

}  // namespace butler::vm
