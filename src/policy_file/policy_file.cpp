#include "policy_file/policy_file.hpp"

#include <chrono>
#include <utility>

#include "domain/enum_name.hpp"
#include "files/trusted_file.hpp"
#include "log/log.hpp"
#include "policy/describe.hpp"
#include "policy/policy_text.hpp"

namespace butler::policy_file {

namespace {

constexpr std::chrono::milliseconds clock_tick{50};

std::string wrong(const std::filesystem::path& file, const std::string& why) {
  return "the policy " + file.string() + " cannot be used: " + why;
}

bool same_time(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

}  // namespace

std::filesystem::path policy_path(const std::filesystem::path& home) {
  return home / "config" / "policy.json";
}

std::expected<std::optional<Policy>, std::string> read_policy(const std::filesystem::path& file) {
  const auto text = files::read_trusted_file(file, files::Holds::settings);
  if (!text) return std::unexpected(wrong(file, text.error()));
  if (!*text) return std::nullopt;
  auto parsed = policy::parse_policy(**text);
  if (!parsed)
    return std::unexpected(wrong(file, policy::to_text(parsed.error()) + "; see: butler policy check"));
  return *std::move(parsed);
}

bool PolicyFile::Stamp::same(const Stamp& other) const {
  return there == other.there && device == other.device && inode == other.inode && size == other.size &&
         same_time(modified, other.modified) && same_time(changed, other.changed) && owner == other.owner &&
         mode == other.mode;
}

bool PolicyFile::Stamp::just_changed() const {
  using namespace std::chrono;
  const auto at = seconds{changed.tv_sec} + nanoseconds{changed.tv_nsec};
  const auto age = system_clock::now().time_since_epoch() - at;
  return there && age < clock_tick && age > -seconds{1};
}

PolicyFile::Stamp PolicyFile::look(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {.there = true,
          .device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified = status.st_mtim,
          .changed = status.st_ctim,
          .owner = status.st_uid,
          .mode = status.st_mode};
}

PolicyFile::PolicyFile(std::filesystem::path file, std::shared_ptr<const Policy> policy)
    : file_(std::move(file)), policy_(std::move(policy)) {}

std::expected<PolicyFile, std::string> PolicyFile::open(std::filesystem::path file) {
  const auto stamp = look(file);
  const bool settled = !stamp.just_changed();
  auto found = read_policy(file);
  if (!found) return std::unexpected(found.error());
  const bool there = found->has_value();
  auto used = std::make_shared<const Policy>(there ? **std::move(found)
                                                   : policy::builtin_policy(policy::Profile::balanced));
  log::info("policy.loaded", {{"file", there ? file.string() : std::string{"none"}},
                              {"profile", domain::enum_name(used->profile)},
                              {"rules", used->global.rules.size()}});
  PolicyFile opened{std::move(file), std::move(used)};
  opened.seen_ = stamp;
  opened.settled_ = settled;
  return opened;
}

std::shared_ptr<const Policy> PolicyFile::current() {
  const auto stamp = look(file_);
  if (stamp.same(seen_) && settled_) return policy_;
  const bool known = stamp.same(seen_);
  settled_ = !stamp.just_changed();
  seen_ = stamp;
  // A second look at what had just changed says nothing new in most cases, and then nothing is logged.
  const auto before = problem_;
  read_again();
  if (problem_ && (!known || problem_ != before)) {
    log::error("policy.broken", {{"file", file_.string()},
                                 {"error", *problem_},
                                 {"meaning", "the policy that was read before stays in force"}});
  } else if (!problem_ && (!known || before)) {
    log::info("policy.loaded", {{"file", file_.string()},
                                {"profile", domain::enum_name(policy_->profile)},
                                {"rules", policy_->global.rules.size()}});
  }
  return policy_;
}

void PolicyFile::read_again() {
  auto found = read_policy(file_);
  if (!found) {
    problem_ = found.error();
  } else if (!found->has_value()) {
    problem_ = wrong(file_, "it has gone; write it again with: butler policy init");
  } else {
    problem_.reset();
    policy_ = std::make_shared<const Policy>(**std::move(found));
  }
}

}  // namespace butler::policy_file
