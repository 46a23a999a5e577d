#include "doctor/permission_check.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "doctor/checks.hpp"
#include "files/descriptor.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

std::string octal(mode_t mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3) digits += static_cast<char>('0' + ((mode >> shift) & 7U));
  return digits;
}

std::string user_name(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(user) : found->pw_name;
}

/// Through a descriptor, so that a link or another file in this place is not changed instead.
std::expected<std::string, std::string> tighten_mode(const FileFacts& facts) {
  const files::Descriptor file{::open(facts.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0)
    return std::unexpected(facts.path + ": " + std::generic_category().message(errno));
  if (status.st_uid != facts.owner || S_ISDIR(status.st_mode) != facts.folder ||
      (!facts.folder && status.st_nlink != 1)) {
    return std::unexpected(facts.path + " is another file than a moment ago");
  }
  const mode_t mode = status.st_mode & 07777U & ~facts.forbidden;
  if (::fchmod(file.get(), mode) != 0)
    return std::unexpected(facts.path + ": " + std::generic_category().message(errno));
  return "The mode of " + facts.path + " is now " + octal(mode) + ".";
}

std::string who_can(mode_t mode) {
  const bool writes = (mode & 0022U) != 0;
  const bool reads = (mode & 0055U) != 0;
  if (writes && reads) return "other users can read and change it";
  return writes ? "other users can change it" : "other users can read it";
}

}  // namespace

std::optional<Finding> judge_file(const FileFacts& facts) {
  if (!facts.regular) {
    return wrong(facts.path + " is no " + (facts.folder ? "folder" : "regular file") + ".",
                 "It is " + facts.what + ".", "ls -ld " + shell_word(facts.path), "Then move it away.");
  }
  if (facts.owner != facts.expected_owner) {
    return wrong(facts.path + " belongs to " + user_name(facts.owner) + ".",
                 "It is " + facts.what + " and belongs to " + facts.expected_name + ".",
                 "chown " + facts.expected_name + ": " + shell_word(facts.path));
  }
  const mode_t open_bits = facts.mode & facts.forbidden;
  if (open_bits == 0) return std::nullopt;
  const mode_t mode = facts.mode & ~facts.forbidden;
  auto finding = wrong(facts.path + " has the mode " + octal(facts.mode) + ": " + who_can(open_bits) + ".",
                       "It is " + facts.what + " and has the mode " + octal(mode) + ".",
                       "chmod " + octal(mode) + " " + shell_word(facts.path));
  finding.fix = [facts] { return tighten_mode(facts); };
  return finding;
}

namespace {

/// Whose a thing is, in words and as a number.
struct Owner {
  uid_t user;
  std::string name;
};

/// What is looked at, as it is on disk.
class PermissionTable {
 public:
  void add(const fs::path& path, const char* what, const Owner& owner, mode_t forbidden, bool folder) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return;
    FileFacts facts{.path = path.string(), .what = what, .folder = folder};
    facts.regular = folder ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode);
    facts.mode = status.st_mode & 07777U;
    facts.owner = status.st_uid;
    facts.forbidden = forbidden;
    facts.expected_owner = owner.user;
    facts.expected_name = owner.name;
    ++looked_at_;
    if (auto finding = judge_file(facts)) findings_.push_back(std::move(*finding));
  }
  void add_file(const fs::path& path, const char* what, const Owner& owner, mode_t forbidden = 0077) {
    add(path, what, owner, forbidden, false);
  }
  void add_folder(const fs::path& path, const char* what, const Owner& owner, mode_t forbidden = 0077) {
    add(path, what, owner, forbidden, true);
  }

  static bool is_owner(const fs::path& path, const Owner& owner) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 && status.st_uid == owner.user;
  }

  Findings take() {
    if (!findings_.empty()) return std::move(findings_);
    if (looked_at_ == 0) return {all_well("There is nothing yet that others could read.")};
    return {all_well(std::to_string(looked_at_) + " files and folders are closed to other users.")};
  }

 private:
  Findings findings_;
  int looked_at_ = 0;
};

void add_databases(PermissionTable& table, const fs::path& home, const Owner& control) {
  for (const char* const name : {"state.db", "gateway.db"}) {
    for (const char* const part : {"", "-wal", "-shm"})
      table.add_file(home / (std::string{name} + part), "a database", control);
  }
}

void add_artifacts(PermissionTable& table, const fs::path& home, const Owner& control) {
  table.add_folder(home / "artifacts", "the files of jobs", control);
}

void add_agent_folders(PermissionTable& table, const Context& context, const Owner& agent) {
  for (const char* const name : {"agent", "people", "groups", "worker"})
    table.add_folder(context.home() / name, "a folder of the agent's", agent);
  if (!context.worker) return;
  // A folder outside the home is a person's own, who decides who else reads it.
  const auto forbidden_for = [&](const fs::path& folder) {
    return folder.parent_path() == context.home() ? mode_t{0077} : mode_t{0022};
  };
  const auto& worker = *context.worker;
  table.add_folder(worker.workspace, "the agent's workspace", agent, forbidden_for(worker.workspace));
  table.add_folder(worker.session_root, "the folder of the agent's sessions", agent,
                   forbidden_for(worker.session_root));
}

}  // namespace

boost::asio::awaitable<Findings> check_permissions(const Context& context) {
  const Owner self{.user = ::geteuid(), .name = user_name(::geteuid())};
  Owner control = self;
  Owner agent = self;
  if (context.root) {
    if (!context.control || !context.agent) co_return Findings{left_out("The system users are missing.")};
    control = {.user = context.control->uid, .name = "butler-control"};
    agent = {.user = context.agent->uid, .name = "butler"};
  }
  PermissionTable table;
  const auto& home = context.home();
  // A person may keep the file elsewhere, with a link to it.
  std::error_code missing;
  if (!context.loaded.env_file.empty())
    table.add_file(fs::weakly_canonical(context.loaded.env_file, missing),
                   "the configuration, which holds secrets", self);
  table.add_file(home / "secrets.env", "the file of the API secrets", self);
  table.add_folder(home, "the home of all state", self, context.root ? 0002 : 0066);
  add_databases(table, home, control);
  add_artifacts(table, home, control);
  add_agent_folders(table, context, agent);
  table.add_folder(home / "config", "the folder of the policy", self, 0022);
  table.add_file(home / "config/policy.json", "the policy",
                 PermissionTable::is_owner(home / "config/policy.json", agent)
                     ? agent  // the worker takes it from either
                     : self,
                 0022);
  table.add_file(home / "config/mcp-host.json", "a file of the worker's that may hold secrets", agent);
  // Where others renew it, links lead to it, and a group may share it.
  if (context.gateway && !context.gateway->webhook.key.empty()) {
    const auto key = fs::weakly_canonical(context.gateway->webhook.key, missing);
    struct stat status{};
    const Owner owner =
        ::lstat(key.c_str(), &status) == 0 ? Owner{status.st_uid, user_name(status.st_uid)} : self;
    table.add_file(key, "the key of the webhook's certificate", owner, 0027);
  }
  co_return table.take();
}

}  // namespace butler::doctor
