#include "sandbox/bwrap_arguments.hpp"

#include <algorithm>

namespace butler::sandbox {

namespace {

constexpr std::uint64_t shared_memory_bytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t default_temporary_bytes = std::uint64_t{256} << 20U;

void add(std::vector<std::string>& arguments, std::initializer_list<std::string> more) {
  arguments.insert(arguments.end(), more);
}

void add_file(std::vector<std::string>& arguments, int descriptor, const std::string& path) {
  add(arguments, {"--perms", "0444", "--ro-bind-data", std::to_string(descriptor), path});
}

void add_mount(std::vector<std::string>& arguments, const Mount& mount, int& descriptor) {
  const std::string path = mount.path.string();
  switch (mount.kind) {
    case Mount::Kind::read_only: return add(arguments, {"--ro-bind", path, path});
    case Mount::Kind::read_write: return add(arguments, {"--bind", path, path});
    case Mount::Kind::link: return add(arguments, {"--symlink", mount.target.string(), path});
    case Mount::Kind::cover_file:
      // One that is not empty has been put there already (Placeholders).
      if (!mount.content.empty()) return add(arguments, {"--ro-bind", path, path});
      return add_file(arguments, descriptor++, path);
    case Mount::Kind::cover_folder: return add(arguments, {"--tmpfs", path, "--remount-ro", path});
  }
}

}  // namespace

std::vector<MadeFile> made_files(unsigned user, unsigned group, const std::string& home) {
  const std::string uid = std::to_string(user);
  const std::string gid = std::to_string(group);
  return {{"/etc/passwd", "butler:x:" + uid + ":" + gid + ":Butler:" + home +
                              ":/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
          {"/etc/group", "butler:x:" + gid + ":\nnogroup:x:65534:\n"},
          {"/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
          {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"}};
}

std::vector<std::string> data_contents(const MountPlan& plan, const std::vector<MadeFile>& files) {
  std::vector<std::string> contents;
  contents.reserve(files.size());
  for (const auto& file : files) contents.push_back(file.content);
  const auto covers = std::ranges::count_if(plan.mounts, [](const Mount& mount) {
    return mount.kind == Mount::Kind::cover_file && mount.content.empty();
  });
  contents.resize(contents.size() + static_cast<std::size_t>(covers));
  return contents;
}

std::vector<std::string> bwrap_arguments(const std::string& bwrap, const MountPlan& plan,
                                         const Limits& limits, const std::vector<MadeFile>& files,
                                         int first_descriptor) {
  std::vector<std::string> arguments{bwrap};
  add(arguments, {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
                  "--unshare-cgroup", "--disable-userns", "--new-session", "--die-with-parent", "--hostname",
                  "butler", "--cap-drop", "ALL"});
  const auto size = limits.temporary_bytes == 0 ? default_temporary_bytes : limits.temporary_bytes;
  add(arguments, {"--dev", "/dev", "--proc", "/proc", "--size", std::to_string(size), "--tmpfs", "/tmp",
                  "--size", std::to_string(shared_memory_bytes), "--tmpfs", "/dev/shm"});
  int descriptor = first_descriptor;
  for (const auto& file : files) add_file(arguments, descriptor++, file.path);
  for (const auto& mount : plan.mounts) add_mount(arguments, mount, descriptor);
  // What is left of the root and /dev is memory that no limit covers.
  add(arguments, {"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", plan.workspace.string(), "--"});
  return arguments;
}

}  // namespace butler::sandbox
