#include "vm_sandbox/surroundings.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace butler::vm_sandbox {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t open_folder = 0755;
constexpr std::uint32_t own_folder = 0700;

/// As an archive for the root folder names it.
std::string in_archive(const std::string& path) { return path.substr(1); }

std::string folder_head(const std::string& path, std::uint32_t mode, GuestOwner owner) {
  return encode_entry({.path = in_archive(path), .kind = ArchiveEntry::Kind::folder, .mode = mode}, owner);
}

std::string link_entry(const GuestLink& link) {
  const ArchiveEntry head{.path = in_archive(link.path),
                          .kind = ArchiveEntry::Kind::link,
                          .mode = 0777,
                          .size = link.target.size()};
  return encode_entry(head, GuestOwner::root) + link.target + encode_padding(head.size);
}

/// The folders that lead to it.
void add_parents(std::set<std::string>& ways, const std::string& path) {
  for (auto parent = fs::path{path}.parent_path(); parent != "/" && !parent.empty();
       parent = parent.parent_path()) {
    ways.insert(parent.string());
  }
}

}  // namespace

Surroundings::Surroundings(const RunPlan& plan) : trees_(plan.trees.begin(), plan.trees.end()) {
  // What lies in another tree comes behind it.
  std::ranges::sort(trees_, {}, &GuestTree::path);
  add_ways(plan);
  for (const auto& link : plan.links) heads_.push_back(link_entry(link));
}

void Surroundings::add_ways(const RunPlan& plan) {
  std::set<std::string> ways;
  for (const auto& tree : plan.trees) add_parents(ways, tree.path);
  for (const auto& link : plan.links) add_parents(ways, link.path);
  for (const auto& way : ways) {
    // A way through the workspace, or through what is the user's, stays the user's.
    const bool theirs = std::ranges::any_of(plan.trees, [&](const GuestTree& tree) {
      return tree.writable && (way + '/').starts_with(tree.path + '/');
    });
    if (theirs || (way + '/').starts_with(plan.workspace + '/')) continue;
    heads_.push_back(folder_head(way, open_folder, GuestOwner::root));
  }
}

std::string Surroundings::begin(const GuestTree& tree) {
  const auto owner = tree.writable ? GuestOwner::agent : GuestOwner::root;
  struct stat status{};
  if (::lstat(tree.path.c_str(), &status) != 0) {
    left_out_.push_back(tree.path);
    return {};
  }
  if (S_ISDIR(status.st_mode)) {
    prefix_ = in_archive(tree.path) + '/';
    if (!tree.returned) {
      reader_ = std::make_unique<WorkspaceReader>(
          tree.path, ReaderOptions{.prefix = prefix_, .owner = owner, .ends = false});
    }
    return folder_head(tree.path, tree.writable ? own_folder : open_folder, owner);
  }
  const fs::path file = tree.path;
  prefix_ = in_archive(file.parent_path().string()) + '/';
  const ReaderOptions options{
      .prefix = prefix_, .owner = owner, .only = file.filename().string(), .ends = false};
  reader_ = std::make_unique<WorkspaceReader>(file.parent_path(), options);
  return {};
}

std::string Surroundings::next() {
  for (;;) {
    if (!heads_.empty()) {
      auto head = std::move(heads_.front());
      heads_.pop_front();
      return head;
    }
    if (reader_) {
      auto bytes = reader_->next();
      if (!bytes.empty()) return bytes;
      for (const auto& path : reader_->left_out()) left_out_.push_back('/' + prefix_ + path);
      reader_.reset();
    }
    if (trees_.empty()) break;
    const auto tree = std::move(trees_.front());
    trees_.pop_front();
    auto head = begin(tree);
    if (!head.empty()) return head;
  }
  if (std::exchange(ended_, true)) return {};
  return encode_archive_end();
}

}  // namespace butler::vm_sandbox
