#include "vm/image.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <system_error>
#include <vector>

#include "files/whole_file.hpp"
#include "vm/cpio.hpp"
#include "vm/files.hpp"
#include "vm/tool.hpp"

namespace butler::vm {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr const char* kernel_package = "linux-image-cloud-amd64";
/// Counts up when the same parts are put together in another way.
constexpr std::string_view layout = "2";

/// In the order they have to be loaded in. Debian's cloud kernel has everything else built in.
constexpr std::array modules{
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "drivers/virtio/virtio_mmio.ko",
    "drivers/char/virtio_console.ko",
    "drivers/block/virtio_blk.ko",
    "fs/squashfs/squashfs.ko",
    "fs/overlayfs/overlay.ko",
};

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "agent:x:1000:1000:agent:/workspace:/bin/sh\n";
constexpr std::string_view bash = "#!/bin/sh\nexec /bin/sh \"$@\"\n";
constexpr std::string_view group = "root:x:0:\nagent:x:1000:\n";
constexpr std::string_view hosts = "127.0.0.1 localhost butler-vm\n::1 localhost\n";

using Text = std::expected<std::string, std::string>;

/// The newest kernel package in the folder.
std::optional<fs::path> find_kernel_package(const fs::path& packages) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(packages, error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("linux-image-") && name.ends_with(".deb")) found.push_back(entry.path());
  }
  if (found.empty()) return std::nullopt;
  return *std::ranges::max_element(found, {}, [](const fs::path& path) { return fs::last_write_time(path); });
}

/// linux-image-cloud-amd64 is empty and depends on the kernel of the day.
asio::awaitable<Text> name_of_kernel() {
  const auto listed = co_await run_tool({"apt-cache", "depends", kernel_package}, "/");
  if (!listed) co_return listed;
  std::istringstream lines{*listed};
  for (std::string word; lines >> word;) {
    if (word.starts_with("linux-image-") && word != kernel_package) co_return word;
  }
  co_return std::unexpected(std::string{"apt knows no "} + kernel_package +
                            ": run apt-get update as root, then try again");
}

asio::awaitable<Text> fetch_kernel_package(fs::path packages) {
  if (const auto found = find_kernel_package(packages)) co_return found->string();
  const auto name = co_await name_of_kernel();
  if (!name) co_return name;
  fs::create_directories(packages);
  const auto fetched = co_await run_tool({"apt-get", "--quiet", "download", *name}, packages);
  if (!fetched) {
    co_return std::unexpected(fetched.error() + "\nWithout a network, put Debian's package " + *name +
                              " into " + packages.string() + " and try again.");
  }
  const auto found = find_kernel_package(packages);
  if (!found) co_return std::unexpected("apt-get download " + *name + " has left no package");
  co_return found->string();
}

/// Unpacked, not installed: no right is needed, and nothing of it runs.
asio::awaitable<Text> unpack(std::string package, fs::path folder) {
  const std::vector<std::string> arguments{
      "sh", "-c",
      "set -e; dpkg-deb --fsys-tarfile \"$1\" | tar --extract --no-same-owner --wildcards "
      "'./boot/vmlinuz-*' './lib/modules/*/kernel/drivers/virtio/*' './lib/modules/*/kernel/drivers/char/*' "
      "'./lib/modules/*/kernel/drivers/block/*' './lib/modules/*/kernel/fs/squashfs/*' "
      "'./lib/modules/*/kernel/fs/overlayfs/*'",
      "unpack", package};
  co_return co_await run_tool(arguments, folder);
}

/// The only entry of a folder whose name begins so.
fs::path only_entry(const fs::path& folder, std::string_view prefix) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(prefix)) return entry.path();
  }
  throw std::runtime_error("the kernel package has no " + (folder / prefix).filename().string());
}

void add_modules(CpioWriter& archive, const fs::path& kernel_modules) {
  archive.add_folder("modules");
  std::string order;
  for (const fs::path module : modules) {
    const auto name = module.filename().string();
    archive.add_file("modules/" + name, read_file(kernel_modules / module));
    order += name + '\n';
  }
  archive.add_file("modules/order", order);
}

std::string make_initrd(const fs::path& kernel_modules, const std::string& agent, const std::string& busybox,
                        const std::string& applets) {
  CpioWriter archive;
  for (const char* const folder : {"bin", "dev", "etc", "lower", "proc", "root", "run", "sbin", "sys",
                                   "sysroot", "upper", "usr", "usr/bin", "usr/sbin", "var"}) {
    archive.add_folder(folder);
  }
  archive.add_folder("tmp", 01777);
  archive.add_character_device("dev/console", 5, 1);
  archive.add_character_device("dev/null", 1, 3);
  archive.add_file("init", agent, 0755);
  archive.add_file("bin/busybox", busybox, 0755);
  std::istringstream lines{applets};
  for (std::string path; std::getline(lines, path);) {
    if (path != "bin/busybox") archive.add_link(path, "/bin/busybox");
  }
  // What asks for bash gets the shell that there is.
  archive.add_file("bin/bash", bash, 0755);
  archive.add_file("etc/passwd", passwd);
  archive.add_file("etc/group", group);
  archive.add_file("etc/hosts", hosts);
  add_modules(archive, kernel_modules);
  return archive.finish();
}

/// What an image is made of, by which it is known.
struct Parts {
  std::string package;  ///< its path
  std::string agent;
  std::string busybox;
  std::string applets;
};

asio::awaitable<std::expected<Parts, std::string>> gather(ImageSources sources) {
  Parts parts;
  auto package = co_await fetch_kernel_package(sources.home / "packages");
  if (!package) co_return std::unexpected(package.error());
  parts.package = *package;
  const auto busybox = find_tool("busybox");
  if (!busybox) co_return std::unexpected(busybox.error());
  const auto applets = co_await run_tool({"busybox", "--list-full"}, "/");
  if (!applets) co_return std::unexpected(applets.error());
  parts.applets = *applets;
  parts.busybox = read_file(*busybox);
  parts.agent = std::move(sources.guest_agent);
  co_return parts;
}

std::string digest_of(const Parts& parts) {
  Digest digest;
  digest.add("layout", layout);
  for (const std::string_view module : modules) digest.add("module", module);
  digest.add("kernel", read_file(parts.package));
  digest.add("agent", parts.agent);
  digest.add("busybox", parts.busybox);
  digest.add("applets", parts.applets);
  return digest.finish();
}

}  // namespace

std::string_view image_kind_name(ImageKind kind) { return kind == ImageKind::tiny ? "tiny" : "full"; }

std::optional<ImageKind> image_kind_named(std::string_view name) {
  for (const auto kind : {ImageKind::tiny, ImageKind::full}) {
    if (image_kind_name(kind) == name) return kind;
  }
  return std::nullopt;
}

BuildFolder::BuildFolder(fs::path path) : path_(std::move(path)) {
  std::error_code missing;
  fs::remove_all(path_, missing);
  fs::create_directories(path_);
}

BuildFolder::~BuildFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

fs::path image_folder(const fs::path& home, ImageKind kind, std::string_view digest) {
  return home / "images" / (std::string{image_kind_name(kind)} + '-' + std::string{digest.substr(0, 16)});
}

std::string runtime_identity(const fs::path& runtime) {
  const auto file = runtime / "package-lock.json";
  std::error_code missing;
  if (!fs::is_regular_file(file, missing)) return {};
  Digest digest;
  digest.add("package-lock.json", read_file(file));
  return digest.finish();
}

std::string Image::runtime() const {
  return kind == ImageKind::tiny ? std::string{} : read_file(folder / "runtime");
}

std::optional<fs::path> Image::root() const {
  if (kind == ImageKind::tiny) return std::nullopt;
  return folder / "root.squashfs";
}

std::optional<Image> find_image(const fs::path& home, ImageKind kind, std::string_view digest) {
  Image image{.kind = kind, .digest = std::string{digest}, .folder = image_folder(home, kind, digest)};
  if (!fs::exists(image.kernel())) return std::nullopt;
  return image;
}

asio::awaitable<std::expected<Image, std::string>> build_tiny_image(ImageSources sources) {
  const auto parts = co_await gather(sources);
  if (!parts) co_return std::unexpected(parts.error());
  const auto digest = digest_of(*parts);
  if (auto known = find_image(sources.home, ImageKind::tiny, digest)) co_return std::move(*known);

  const auto folder = image_folder(sources.home, ImageKind::tiny, digest);
  const BuildFolder unpacked{folder.string() + ".unpacked"};
  const BuildFolder made{folder.string() + ".new"};
  const auto done = co_await unpack(parts->package, unpacked.path());
  if (!done) co_return std::unexpected(done.error());
  const auto kernel_modules = only_entry(unpacked.path() / "lib/modules", "") / "kernel";
  files::write_whole_file(made.path() / "initrd",
                          make_initrd(kernel_modules, parts->agent, parts->busybox, parts->applets));
  files::write_whole_file(made.path() / "kernel",
                          read_file(only_entry(unpacked.path() / "boot", "vmlinuz-")));
  fs::rename(made.path(), folder);
  co_return Image{.kind = ImageKind::tiny, .digest = digest, .folder = folder};
}

}  // namespace butler::vm
