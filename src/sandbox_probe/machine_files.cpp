#include "sandbox_probe/machine_files.hpp"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace butler::sandbox_probe {

namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, std::string_view content = canary) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path);
  file << content << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void copy_program(const fs::path& to) {
  fs::copy_file("/proc/self/exe", to, fs::copy_options::overwrite_existing);
  ::chmod(to.c_str(), 0755);
}

void plant_home(const fs::path& home) {
  for (const char* name : {".ssh/id_ed25519", ".aws/credentials", ".env", ".bashrc"}) write(home / name);
}

void plant_butler(const fs::path& home) {
  for (const char* name : {".env", "secrets.env", "state.db", "gateway.db", "agent/auth.json",
                           "artifacts/job/diary.pdf", "people/7/workspace/diary"}) {
    write(home / name);
  }
  write(home / "agent/models.json", "{}");
  write(home / "config/policy.json", "{}");
}

/// A checkout with some of what is protected, and without the rest.
void plant_workspace(const fs::path& workspace) {
  write(workspace / ".git/HEAD", "ref: refs/heads/main");
  write(workspace / ".git/config", "[core]\n\tbare = false");
  write(workspace / ".git/hooks/pre-commit", "#!/bin/sh");
  write(workspace / ".pi/settings.json", "{}");
  write(workspace / ".mcp.json", "{}");
}

/// A file beside the folder, where it may be put.
void plant_beside(const fs::path& root, Targets& targets) {
  const fs::path path = root.string() + "-other";
  if (std::ofstream file(path); !(file << canary << '\n').flush()) return;
  targets.add("temporary=" + root.parent_path().string());
  targets.add("temporary-name=" + path.filename().string());
}

}  // namespace

void plant_files(const std::string& folder, Targets& targets) {
  const fs::path root(folder);
  plant_home(root / "home");
  plant_butler(root / "butler");
  plant_workspace(root / "butler/workspace");
  write(root / "outside/file");
  copy_program(root / "butler/workspace/butler-sandbox-probe");
  const std::string name = "butler-probe-" + std::to_string(::getpid());
  write("/dev/shm/" + name);
  const mqd_t queue = ::mq_open(("/" + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600, nullptr);
  if (queue >= 0) ::mq_close(queue);
  targets.add("home=" + (root / "home").string());
  targets.add("outside=" + (root / "outside").string());
  targets.add("butler-home=" + (root / "butler").string());
  targets.add("workspace=" + (root / "butler/workspace").string());
  plant_beside(root, targets);
  struct stat status{};
  ::stat((root / "butler").c_str(), &status);
  targets.add("butler-home-inode=" + std::to_string(status.st_ino));
  targets.add("shm-name=" + name);
  targets.add("queue=/" + name);
}

void plant_setuid_program(Targets& targets) {
  const fs::path program = fs::path(targets.text("workspace")) / "setuid-program";
  copy_program(program);
  if (::chown(program.c_str(), 0, 0) != 0 || ::chmod(program.c_str(), 04755) != 0) {
    throw std::runtime_error("cannot make a setuid program");
  }
  targets.add("setuid-program=" + program.string());
}

void remove_planted(const Targets& targets) {
  ::unlink(("/dev/shm/" + targets.text("shm-name")).c_str());
  if (const std::string name = targets.text("temporary-name"); !name.empty()) {
    ::unlink((targets.text("temporary") + "/" + name).c_str());
  }
  ::mq_unlink(targets.text("queue").c_str());
}

}  // namespace butler::sandbox_probe
