#include "sandbox/mounts.hpp"

#include <gmock/gmock.h>

#include <map>

#include "sandbox/bwrap_arguments.hpp"
#include "sandbox/plans.hpp"

namespace butler::sandbox::mounts_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using enum Mount::Kind;

/// A host with these paths and no other; a link's own path is canonical as its target.
HostFiles host(std::map<std::string, PathKind> paths, std::map<std::string, std::string> links = {}) {
  return {.kind =
              [paths](const std::filesystem::path& path) {
                const auto found = paths.find(path.string());
                return found == paths.end() ? PathKind::missing : found->second;
              },
          .canonical = [paths, links](const std::filesystem::path& path) -> std::filesystem::path {
            if (const auto link = links.find(path.string()); link != links.end()) return link->second;
            return paths.contains(path.string()) ? path : std::filesystem::path{};
          },
          .list =
              [paths](const std::filesystem::path& folder) {
                std::vector<std::string> names;
                for (const auto& [path, kind] : paths) {
                  if (std::filesystem::path{path}.parent_path() == folder) {
                    names.push_back(std::filesystem::path{path}.filename().string());
                  }
                }
                return names;
              }};
}

Spec spec_of(std::vector<std::string> names) {
  Spec spec{.arguments = {"true"}, .environment = {}};
  spec.workspace = "/project";
  spec.protected_names = std::move(names);
  return spec;
}

std::vector<Mount> mounts_for(const std::vector<std::string>& names, std::map<std::string, PathKind> paths) {
  paths.emplace("/project", PathKind::folder);
  const auto plan = plan_mounts(spec_of(names), host(std::move(paths)));
  return plan ? plan->mounts : std::vector<Mount>{};
}

TEST(Mounts, AProtectedNameIsCoveredAlsoWhenItIsMissing) {
  const auto mounts = mounts_for({".envrc", ".pi", ".git/hooks"}, {});
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_file, .path = "/project/.envrc"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_folder, .path = "/project/.pi"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_folder, .path = "/project/.git"}));
}

TEST(Mounts, AProtectedNameThatIsThereIsReadOnlyAndItsFolderCannotBeMovedAside) {
  const auto mounts = mounts_for({".git/hooks", ".git/config"}, {{"/project/.git", PathKind::folder},
                                                                 {"/project/.git/hooks", PathKind::folder},
                                                                 {"/project/.git/config", PathKind::file}});
  EXPECT_THAT(mounts, Contains(Mount{.kind = read_write, .path = "/project/.git"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = read_only, .path = "/project/.git/hooks"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = read_only, .path = "/project/.git/config"}));
}

TEST(Mounts, TheCoverOfAnotherSandboxIsCoveredAgain) {
  const auto mounts = mounts_for({".git/hooks", ".envrc"}, {{"/project/.git", PathKind::empty_folder},
                                                            {"/project/.envrc", PathKind::empty_file}});
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_folder, .path = "/project/.git"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_file, .path = "/project/.envrc"}));
}

TEST(Mounts, SubmodulesAndWorktreesThatAreThereAreOpenButForWhatLeadsToHooks) {
  std::map<std::string, PathKind> paths{{"/project/.git", PathKind::folder},
                                        {"/project/.git/modules", PathKind::folder},
                                        {"/project/.git/modules/libs", PathKind::folder},
                                        {"/project/.git/modules/libs/a", PathKind::folder},
                                        {"/project/.git/modules/libs/a/HEAD", PathKind::file},
                                        {"/project/.git/modules/libs/a/config", PathKind::file},
                                        {"/project/.git/worktrees", PathKind::folder},
                                        {"/project/.git/worktrees/w", PathKind::folder},
                                        {"/project/.git/worktrees/w/HEAD", PathKind::file},
                                        {"/project/.git/worktrees/w/commondir", PathKind::file},
                                        {"/project/.git/worktrees/l", PathKind::link}};
  const auto mounts = mounts_for({".git/modules", ".git/worktrees", ".git/commondir"}, paths);
  const auto at = [&](const Mount& mount) { return std::ranges::find(mounts, mount) - mounts.begin(); };
  const Mount closed{.kind = read_only, .path = "/project/.git/modules"};
  const Mount open{.kind = read_write, .path = "/project/.git/modules/libs/a"};
  const Mount config{.kind = read_only, .path = "/project/.git/modules/libs/a/config"};
  const auto count = static_cast<std::ptrdiff_t>(mounts.size());
  EXPECT_TRUE(at(closed) < at(open) && at(open) < at(config) && at(config) < count);
  EXPECT_THAT(mounts, Contains(Mount{.kind = cover_folder, .path = "/project/.git/modules/libs/a/hooks"}));
  EXPECT_THAT(
      mounts,
      Contains(Mount{.kind = cover_file, .path = "/project/.git/commondir", .target = {}, .content = ".\n"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = read_write, .path = "/project/.git/worktrees/w"}));
  EXPECT_THAT(mounts, Contains(Mount{.kind = read_only, .path = "/project/.git/worktrees/w/commondir"}));
  EXPECT_THAT(mounts, Not(Contains(testing::Field(&Mount::path, "/project/.git/worktrees/l"))));
}

TEST(Mounts, ALinkInTheNameOfSomethingProtectedIsRefused) {
  for (const std::string link : {"/project/.git", "/project/.git/hooks"}) {
    std::map<std::string, PathKind> paths{{"/project", PathKind::folder},
                                          {"/project/.git", PathKind::folder}};
    paths[link] = PathKind::link;
    const auto plan = plan_mounts(spec_of({".git/hooks"}), host(paths));
    ASSERT_FALSE(plan) << link;
    EXPECT_THAT(plan.error(), HasSubstr(link + " is a symbolic link"));
  }
}

TEST(Mounts, WhatIsReadableMayBeMissingWhatIsWritableMayNot) {
  auto spec = spec_of({});
  spec.read_only = {"/books"};
  EXPECT_TRUE(plan_mounts(spec, host({{"/project", PathKind::folder}})));
  spec.read_write = {"/session"};
  EXPECT_FALSE(plan_mounts(spec, host({{"/project", PathKind::folder}})));
  EXPECT_FALSE(plan_mounts(spec_of({}), host({})));
}

TEST(Mounts, WhatIsOnlyReadableInTheWorkspaceIsCoveredForTiersWithoutMounts) {
  auto spec = spec_of({});
  spec.read_only = {"/project/books", "/other"};
  const auto plan = plan_mounts(spec, host({{"/project", PathKind::folder},
                                            {"/project/books", PathKind::folder},
                                            {"/other", PathKind::folder}}));
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->covered, testing::ElementsAre("books"));
}

TEST(Mounts, ALinkedPathIsSeenAtItsOwnPlace) {
  auto spec = spec_of({});
  spec.read_only = {"/runtime"};
  const auto plan = plan_mounts(spec, host({{"/project", PathKind::folder}, {"/runtime-1", PathKind::folder}},
                                           {{"/runtime", "/runtime-1"}}));
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->mounts, Contains(Mount{.kind = read_only, .path = "/runtime-1"}));
  EXPECT_THAT(plan->mounts, Contains(Mount{.kind = link, .path = "/runtime", .target = "/runtime-1"}));
}

TEST(BwrapArguments, EveryNamespaceIsItsOwnAndTheRestOfTheRootIsReadOnly) {
  const MountPlan plan{.workspace = "/project", .mounts = {{.kind = cover_file, .path = "/project/.envrc"}}};
  const auto files = made_files(7, 8, "/h");
  const auto arguments = bwrap_arguments("bwrap", plan, {}, files, 7);
  for (const std::string option :
       {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup", "--disable-userns", "--new-session", "--die-with-parent"}) {
    EXPECT_THAT(arguments, Contains(option));
  }
  std::string line;
  for (const auto& argument : arguments) line += argument + ' ';
  EXPECT_THAT(line, HasSubstr("--size 268435456 --tmpfs /tmp "));
  EXPECT_THAT(line, HasSubstr("--remount-ro /dev --remount-ro / --chdir /project -- "));
  EXPECT_THAT(line, HasSubstr("--ro-bind-data 11 /project/.envrc "));
  EXPECT_THAT(line, Not(HasSubstr("resolv.conf")));
  EXPECT_EQ(data_contents(plan, files).size(), 5U);
}

TEST(InitPlanOfATier, LandlockFiltersMoreAndConnectsToOnePortOnly) {
  const MountPlan plan{.workspace = "/project", .mounts = {{.kind = read_write, .path = "/project"}}};
  const auto bwrap = make_init_plan(Tier::bwrap, spec_of({}), plan, 3'128);
  EXPECT_TRUE(bwrap.make_listener && bwrap.filter && bwrap.landlock && !bwrap.shared_kernel_names);
  const auto landlock = make_init_plan(Tier::landlock, spec_of({}), plan, 4'000);
  EXPECT_TRUE(landlock.filter && landlock.landlock && landlock.landlock_required &&
              landlock.shared_kernel_names);
  EXPECT_EQ(landlock.connect_port, 4'000U);
  EXPECT_THAT(landlock.readable, Not(Contains("/")));
  EXPECT_THAT(landlock.writable, Contains("/project"));
  const auto none = make_init_plan(Tier::none, spec_of({}), plan, 4'000);
  EXPECT_FALSE(none.filter || none.landlock);
}

}  // namespace
}  // namespace butler::sandbox::mounts_test
