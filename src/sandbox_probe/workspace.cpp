// What the user's own programs execute or believe later, in a folder that the agent may write.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

std::string in_workspace(const Targets& targets, const std::string& path) {
  return targets.text("workspace") + "/" + path;
}

Finding through_link(const Targets& targets) {
  const std::string link = in_workspace(targets, "probe-hooks");
  if (::symlink(".git/hooks", link.c_str()) != 0) return held("no link can be made");
  Finding finding = try_create(link + "/post-checkout");
  ::unlink(link.c_str());
  return finding;
}

/// Moves a name away and back: in its place another could have been put.
Finding replace(const Targets& targets, const std::string& name) {
  const std::string there = in_workspace(targets, name);
  const std::string away = in_workspace(targets, "probe-moved");
  if (::rename(there.c_str(), away.c_str()) != 0) return by_result(-1, ("rename " + name).c_str());
  if (::rename(away.c_str(), there.c_str()) != 0)
    return open_door(name + " can be moved, and did not come back");
  return open_door(name + " can be moved away and replaced");
}

Finding hard_link_to_configuration(const Targets& targets) {
  const std::string link = in_workspace(targets, "probe-config");
  if (::link(in_workspace(targets, ".git/config").c_str(), link.c_str()) != 0) return by_result(-1, "link");
  Finding finding = try_write(link);
  ::unlink(link.c_str());
  return finding;
}

Finding make_folder_executable_link(const Targets& targets) {
  // A missing name can be a link as well, to a folder that the agent may write.
  const std::string link = in_workspace(targets, ".vscode");
  if (::symlink(".", link.c_str()) != 0) return by_result(-1, "symlink .vscode");
  ::unlink(link.c_str());
  return open_door(".vscode can be made a link");
}

constexpr std::array workspace_table{
    Attempt{"git-hook-new", "plant a hook that the user's git runs",
            [](const Targets& t) { return try_create(in_workspace(t, ".git/hooks/post-checkout")); }},
    Attempt{"git-hook-existing", "change a hook that the user's git runs",
            [](const Targets& t) { return try_write(in_workspace(t, ".git/hooks/pre-commit")); }},
    Attempt{"git-hook-link", "plant a hook through a link", through_link},
    Attempt{"git-config", "make the user's git run a program (core.fsmonitor)",
            [](const Targets& t) { return try_write(in_workspace(t, ".git/config")); }},
    Attempt{"git-config-link", "change git's configuration by a second name", hard_link_to_configuration},
    Attempt{"git-replaced", "put another .git in the place of the user's",
            [](const Targets& t) { return replace(t, ".git"); }},
    Attempt{"git-hooks-replaced", "put another hooks folder in its place",
            [](const Targets& t) { return replace(t, ".git/hooks"); }},
    Attempt{"git-config-replaced", "put another git configuration in its place",
            [](const Targets& t) { return replace(t, ".git/config"); }},
    Attempt{"pi-extension", "plant an extension that the next pi loads",
            [](const Targets& t) { return try_create(in_workspace(t, ".pi/probe-new.ts")); }},
    Attempt{"pi-replaced", "put another .pi in its place",
            [](const Targets& t) { return replace(t, ".pi"); }},
    Attempt{"envrc", "plant a file that direnv runs",
            [](const Targets& t) { return try_create(in_workspace(t, ".envrc")); }},
    Attempt{"vscode", "plant tasks that the user's editor runs",
            [](const Targets& t) { return try_make_folder(in_workspace(t, ".vscode")); }},
    Attempt{"vscode-link", "plant the editor's folder as a link", make_folder_executable_link},
    Attempt{"mcp-json", "plant servers that the user's tools start",
            [](const Targets& t) { return try_write(in_workspace(t, ".mcp.json")); }},
    Attempt{"mcp-json-replaced", "put another .mcp.json in its place",
            [](const Targets& t) { return replace(t, ".mcp.json"); }},
    Attempt{"workspace-itself", "put something else in the place of the workspace",
            [](const Targets& t) {
              const std::string away = t.text("workspace") + "-moved";
              if (::rename(t.text("workspace").c_str(), away.c_str()) != 0) return by_result(-1, "rename");
              static_cast<void>(::rename(away.c_str(), t.text("workspace").c_str()));
              return open_door("the workspace can be moved");
            }},
};

}  // namespace

std::span<const Attempt> workspace_attempts() { return workspace_table; }

}  // namespace butler::sandbox_probe
