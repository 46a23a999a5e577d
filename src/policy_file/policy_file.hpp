#pragma once

#include <sys/stat.h>

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "policy/policy.hpp"

/// The policy's file on disk.
namespace butler::policy_file {

using policy::Policy;

/// `<home>/config/policy.json`.
std::filesystem::path policy_path(const std::filesystem::path& home);

/// Reads the file once. nullopt when there is none. The error is a sentence that names the file and says what
/// to do: what it holds is wrong, or it is no regular file, or somebody else than we or root owns it or may
/// write to it.
std::expected<std::optional<Policy>, std::string> read_policy(const std::filesystem::path& file);

/// The policy as it is now: the file is looked at before each decision, and read again when it has changed.
///
/// A file that has become wrong, or has gone, keeps the policy that was read before; that is logged once as
/// `policy.broken`, and problem() says it. A new right one is logged as `policy.loaded`. One thread.
class PolicyFile {
 public:
  /// No file at the start means the profile `balanced`. The error is read_policy's: a worker does not start
  /// with a broken policy.
  static std::expected<PolicyFile, std::string> open(std::filesystem::path file);

  /// The policy to decide by. It is valid as long as somebody holds it.
  std::shared_ptr<const Policy> current();

  /// What is wrong with the file as it lies there; nullopt when it is the policy in use.
  const std::optional<std::string>& problem() const { return problem_; }

  const std::filesystem::path& file() const { return file_; }

 private:
  PolicyFile(std::filesystem::path file, std::shared_ptr<const Policy> policy);

  /// What tells one state of the file from another.
  struct Stamp {
    bool there = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    uid_t owner = 0;
    mode_t mode = 0;

    bool same(const Stamp& other) const;
    /// A file that has just changed can change once more within the same tick of its clock.
    bool just_changed() const;
  };
  static Stamp look(const std::filesystem::path& file);
  void read_again();

  std::filesystem::path file_;
  std::shared_ptr<const Policy> policy_;
  std::optional<std::string> problem_;
  Stamp seen_;
  bool settled_ = false;  ///< the stamp was old enough when it was taken
};

}  // namespace butler::policy_file
