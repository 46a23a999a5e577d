#include "sandbox/control_groups.hpp"

#include <gmock/gmock.h>

#include <array>
#include <map>

namespace butler::sandbox::control_groups_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

TEST(GroupText, ThePathIsThatOfVersion2) {
  struct Case {
    const char* text;
    std::optional<std::string> path;
  };
  for (const auto& [text, path] :
       std::array{Case{"0::/system.slice/butler.service\n", "/system.slice/butler.service"},
                  Case{"9:name=systemd:/\n4:memory:/a\n0::/\n", "/"}, Case{"4:memory:/a\n", std::nullopt},
                  Case{"0::/gone (deleted)\n", std::nullopt}, Case{"0::/../outside\n", std::nullopt},
                  Case{"", std::nullopt}}) {
    EXPECT_EQ(group_path(text), path) << text;
  }
}

TEST(GroupText, TheMountIsOneOfTheWholeHierarchy) {
  EXPECT_EQ(group_mount("35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"),
            "/sys/fs/cgroup");
  EXPECT_EQ(group_mount("35 24 0:30 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"), std::nullopt);
  EXPECT_EQ(group_mount("35 24 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"), std::nullopt);
}

TEST(GroupText, ControllersThatAreMissingAreNamed) {
  EXPECT_EQ(missing_controllers("cpuset cpu io memory pids\n"), std::vector<std::string>{});
  EXPECT_EQ(missing_controllers("cpu pids\n"), std::vector<std::string>{"memory"});
  EXPECT_EQ(missing_controllers("hugetlb\n"), (std::vector<std::string>{"memory", "pids"}));
}

TEST(GroupText, EventsAreCountedByTheirWholeName) {
  const char* const events = "low 0\nhigh 0\nmax 41\noom 2\noom_kill 3\noom_group_kill 1\n";
  EXPECT_EQ(event_count(events, "oom_kill"), 3U);
  EXPECT_EQ(event_count(events, "oom_group_kill"), 1U);
  EXPECT_EQ(event_count(events, "kill"), 0U);
  EXPECT_EQ(event_count("", "oom_kill"), 0U);
}

constexpr pid_t worker_pid = 17;
constexpr const char* own_group = "/sys/fs/cgroup/system.slice/butler.service";

/// A hierarchy in memory, as much of one as is needed.
class ControlGroupsTest : public testing::Test {
 protected:
  ControlGroupsTest() {
    texts["/proc/17/cgroup"] = "0::/system.slice/butler.service\n";
    texts["/proc/17/mountinfo"] = "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    texts["/proc/17/comm"] = texts["/proc/16/comm"] = "butler\n";
    texts[own("cgroup.controllers")] = "cpu memory pids\n";
    processes = {16, 17};
  }

  static std::string own(const std::string& name) { return std::string{own_group} + "/" + name; }

  GroupFiles files() {
    return {.read =
                [this](const std::filesystem::path& path) {
                  if (path == own("cgroup.procs")) {
                    std::string text;
                    for (const pid_t pid : processes) text += std::to_string(pid) + "\n";
                    return text;
                  }
                  const auto found = texts.find(path.string());
                  return found == texts.end() ? std::string{} : found->second;
                },
            .write = [this](const std::filesystem::path& path, std::string_view text) -> std::error_code {
              if (path == refused) return std::make_error_code(std::errc::permission_denied);
              if (path.filename() == "cgroup.procs") std::erase(processes, std::stoi(std::string{text}));
              writes.emplace_back(path.string(), text);
              return {};
            },
            .make_folder = [this](const std::filesystem::path& path) -> std::error_code {
              folders.push_back(path.string());
              return {};
            },
            .remove_folder = [this](const std::filesystem::path& path) -> std::error_code {
              removed.push_back(path.string());
              return {};
            },
            .list = [this](const std::filesystem::path&) { return names; },
            .is_ours = [this](const std::filesystem::path&) { return ours; },
            .give_to = [this](const std::filesystem::path& path, uid_t user, gid_t) -> std::error_code {
              given.emplace_back(path.string(), user);
              return {};
            }};
  }

  std::string why_not() {
    const auto groups = ControlGroups::divide(files(), worker_pid, 5, 6);
    return groups ? "" : groups.error();
  }

  std::map<std::string, std::string> texts;
  std::vector<pid_t> processes;
  std::vector<std::pair<std::string, std::string>> writes;
  std::vector<std::string> folders;
  std::vector<std::string> removed;
  std::vector<std::string> names;
  std::vector<std::pair<std::string, uid_t>> given;
  std::filesystem::path refused;
  bool ours = true;
};

TEST_F(ControlGroupsTest, TheGroupIsEmptiedBeforeItsPartsGetControllers) {
  ASSERT_TRUE(ControlGroups::divide(files(), worker_pid, 5, 6));
  EXPECT_THAT(writes,
              testing::ElementsAre(Pair(own("butler-main/cgroup.procs"), "16"),
                                   Pair(own("butler-main/cgroup.procs"), "17"),
                                   Pair(own("cgroup.subtree_control"), "+memory +pids"),
                                   Pair(own("butler-agents/worker/cgroup.procs"), "17"),
                                   Pair(own("butler-agents/cgroup.subtree_control"), "+memory +pids")));
  EXPECT_THAT(given,
              testing::ElementsAre(Pair(own("butler-agents"), 5U), Pair(own("butler-agents/worker"), 5U)));
}

TEST_F(ControlGroupsTest, AWorkerThatIsStartedAnewFindsTheSameGroup) {
  texts["/proc/17/cgroup"] = "0::/system.slice/butler.service/butler-main\n";
  processes.clear();
  ASSERT_TRUE(ControlGroups::divide(files(), worker_pid, 5, 6));
  EXPECT_THAT(folders, Contains(own("butler-agents")));
}

TEST_F(ControlGroupsTest, WhatAKilledWorkerHasLeftIsEndedAndAnotherWorkersIsNot) {
  names = {"worker", "sandbox-17-1", "sandbox-16-3", "sandbox-99-2", "cgroup.procs"};
  ASSERT_TRUE(ControlGroups::divide(files(), worker_pid, 5, 6));
  EXPECT_THAT(removed,
              testing::ElementsAre(own("butler-agents/sandbox-17-1"), own("butler-agents/sandbox-99-2")));
  EXPECT_THAT(writes, Contains(Pair(own("butler-agents/sandbox-99-2/cgroup.kill"), "1")));
}

TEST_F(ControlGroupsTest, WithoutOneTheReasonIsSaid) {
  ours = false;
  EXPECT_THAT(why_not(), HasSubstr("Delegate=yes"));
  ours = true;
  texts["/proc/16/comm"] = "bash\n";
  EXPECT_THAT(why_not(), HasSubstr("other programs than Butler's"));
  EXPECT_TRUE(writes.empty());
  texts["/proc/16/comm"] = "butler\n";
  refused = own("cgroup.subtree_control");
  EXPECT_THAT(why_not(), HasSubstr("Permission denied"));
  texts[own("cgroup.controllers")] = "cpu\n";
  EXPECT_THAT(why_not(), HasSubstr("'memory' is not available"));
  texts.erase("/proc/17/mountinfo");
  EXPECT_THAT(why_not(), HasSubstr("no control groups of version 2"));
}

TEST_F(ControlGroupsTest, ASandboxHasItsLimitsAndIsEndedAsAWhole) {
  auto groups = ControlGroups::divide(files(), worker_pid, 5, 6);
  ASSERT_TRUE(groups);
  const auto sandbox = own("butler-agents/sandbox-17-1/");
  texts[sandbox + "memory.swap.max"] = "max\n";
  auto group = groups->make({.memory_bytes = 1'000'000, .processes = 50});
  EXPECT_EQ(group->entrance(), sandbox + "cgroup.procs");
  for (const auto& [name, value] : {std::pair{"memory.max", "1000000"}, std::pair{"memory.swap.max", "0"},
                                    std::pair{"memory.oom.group", "1"}, std::pair{"pids.max", "54"}}) {
    EXPECT_THAT(writes, Contains(Pair(sandbox + name, value)));
  }
  EXPECT_FALSE(group->ran_out_of_memory());
  texts[sandbox + "memory.events"] = "oom 1\noom_kill 2\n";
  EXPECT_TRUE(group->ran_out_of_memory());
  group.reset();
  EXPECT_THAT(writes, Contains(Pair(sandbox + "cgroup.kill", "1")));
  EXPECT_THAT(removed, Contains(own("butler-agents/sandbox-17-1")));
}

TEST_F(ControlGroupsTest, ALimitThatCannotBeSetStopsTheStart) {
  auto groups = ControlGroups::divide(files(), worker_pid, 5, 6);
  ASSERT_TRUE(groups);
  refused = own("butler-agents/sandbox-17-1/memory.max");
  EXPECT_THROW(groups->make({}), std::system_error);
}

}  // namespace
}  // namespace butler::sandbox::control_groups_test
