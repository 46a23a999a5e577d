#include "policy/places.hpp"

#include <algorithm>
#include <array>

namespace butler::policy {

namespace {

/// What the machine shows to everybody.
constexpr std::array<std::string_view, 10> system_folders{"/usr", "/bin", "/sbin", "/lib", "/lib64",
                                                          "/etc", "/opt", "/proc", "/sys", "/nix"};

constexpr std::array<std::string_view, 3> scratch_folders{"/tmp", "/dev/shm", "/dev/fd"};
constexpr std::array<std::string_view, 8> harmless_devices{"/dev/null",   "/dev/zero",   "/dev/urandom",
                                                           "/dev/random", "/dev/stdout", "/dev/stderr",
                                                           "/dev/stdin",  "/dev/tty"};

/// Keys and passwords of the machine.
constexpr std::array<std::string_view, 17> secret_paths{"/etc/shadow",
                                                        "/etc/shadow-",
                                                        "/etc/gshadow",
                                                        "/etc/gshadow-",
                                                        "/etc/sudoers",
                                                        "/etc/sudoers.d",
                                                        "/etc/ssl/private",
                                                        "/etc/krb5.keytab",
                                                        "/etc/NetworkManager/system-connections",
                                                        "/etc/wireguard",
                                                        "/root",
                                                        "/proc/kcore",
                                                        "/proc/sysrq-trigger",
                                                        "/proc/kallsyms",
                                                        "/sys/kernel/debug",
                                                        "/sys/firmware",
                                                        "/run/secrets"};

/// What another process knows: every name below /proc/<pid> that shows it.
constexpr std::array<std::string_view, 9> secret_process_files{"environ", "mem",       "maps", "root", "cwd",
                                                               "fd",      "map_files", "task", "auxv"};

/// Names of files that hold keys, wherever they lie outside the workspace.
constexpr std::array<std::string_view, 22> secret_names{
    ".ssh",         ".gnupg",        ".aws",         ".azure",
    ".kube",        ".docker",       ".netrc",       ".git-credentials",
    ".pgpass",      ".npmrc",        ".pypirc",      ".password-store",
    ".mozilla",     ".bash_history", ".zsh_history", "keyrings",
    "gcloud",       ".env",          "auth.json",    "gh",
    ".vault-token", ".terraform.d"};

/// What programs outside the sandbox read or run later, relative to any folder of the workspace.
constexpr std::array<std::string_view, 12> guarded_names{
    ".git/hooks", ".git/config", ".git/info/attributes", ".pi",    ".agents", ".envrc", ".vscode",
    ".idea",      ".mcp.json",   ".gitmodules",          ".husky", ".direnv"};

std::string_view first_component(std::string_view& rest) {
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const auto end = std::min(rest.find('/'), rest.size());
  const auto component = rest.substr(0, end);
  rest.remove_prefix(end);
  return component;
}

/// Whether a name that may hold wildcards can be this one.
bool may_be(std::string_view name, std::string_view wanted) {
  return name == wanted || (has_wildcard(name) && wildcard_match(name, wanted));
}

/// Whether `path`, component by component, can begin with all of `wanted`.
bool may_begin_with(std::string_view path, std::string_view wanted) {
  for (;;) {
    const auto needed = first_component(wanted);
    if (needed.empty()) return true;
    const auto name = first_component(path);
    if (name.empty() || !may_be(name, needed)) return false;
  }
}

/// Whether `folder` can be one of the folders above `path`.
bool may_be_above(std::string_view folder, std::string_view path) {
  for (;;) {
    const auto name = first_component(folder);
    if (name.empty()) return true;
    const auto component = first_component(path);
    if (component.empty() || !may_be(name, component)) return false;
  }
}

/// The path below the folder, from its slash on.
std::string_view below(std::string_view path, std::string_view folder) {
  return folder == "/" ? path : path.substr(folder.size());
}

bool is_guarded(std::string_view in_workspace) {
  for (;;) {
    if (std::ranges::any_of(guarded_names, [&](auto name) { return may_begin_with(in_workspace, name); }))
      return true;
    if (first_component(in_workspace).empty()) return false;
  }
}

/// A repository's own folder as a whole: who replaces it replaces its hooks.
bool is_repository_folder(std::string_view in_workspace) {
  std::string_view last;
  while (!in_workspace.empty()) {
    if (const auto name = first_component(in_workspace); !name.empty()) last = name;
  }
  return may_be(last, ".git");
}

bool is_secret_of_process(std::string_view path) {
  if (!path.starts_with("/proc/")) return false;
  std::string_view rest = path.substr(5);
  first_component(rest);
  const auto name = first_component(rest);
  return std::ranges::any_of(secret_process_files, [&](auto wanted) { return may_be(name, wanted); });
}

bool is_secret(std::string_view path) {
  if (std::ranges::any_of(secret_paths, [&](auto wanted) { return may_begin_with(path, wanted); }))
    return true;
  if (is_secret_of_process(path)) return true;
  if (path.starts_with("/etc/ssh/") && !path.ends_with(".pub") && !path.ends_with("_config")) return true;
  if (path.starts_with("/usr/")) return false;
  for (std::string_view rest = path;;) {
    const auto name = first_component(rest);
    if (name.empty()) return false;
    if (std::ranges::find(secret_names, name) != secret_names.end()) return true;
    if (name.starts_with('.') && has_wildcard(name)) return true;
  }
}

bool holds_secrets(const Folders& folders, std::string_view path) {
  if (std::ranges::any_of(secret_paths, [&](auto secret) { return may_be_above(path, secret); })) return true;
  return path == "/proc" || (!folders.butler_home.empty() && may_be_above(path, folders.butler_home));
}

bool in_any(const auto& candidates, std::string_view path) {
  return std::ranges::any_of(candidates, [&](const auto& folder) { return is_within(path, folder); });
}

/// How much of the pattern's beginning stands for this character; 0 when it cannot.
std::size_t fitting(std::string_view pattern, char character) {
  if (pattern.empty()) return 0;
  if (pattern.front() == '[' && character != '/') {
    // Which characters stand in the brackets is not looked at: any may.
    if (const auto close = pattern.find(']', 2); close != std::string_view::npos) return close + 1;
  }
  return pattern.front() == character || (pattern.front() == '?' && character != '/') ? 1 : 0;
}

bool known(const std::string& folder) { return !folder.empty() && folder != "/"; }

}  // namespace

Folders::Folders(const Question& question)
    : workspace(normalise(question.workspace, "/")),
      agent_home(question.agent_home.empty() ? "" : normalise(question.agent_home, "/")),
      scratch(question.scratch.empty() ? "" : normalise(question.scratch, "/")),
      butler_home(question.butler_home.empty() ? "" : normalise(question.butler_home, "/")) {
  for (const auto& folder : question.readable) {
    if (!folder.empty()) readable.push_back(normalise(folder, "/"));
  }
}

std::string normalise(std::string_view path, std::string_view base) {
  std::string out;
  const auto append = [&out](std::string_view rest) {
    while (!rest.empty()) {
      const auto component = first_component(rest);
      if (component == "..") {
        out.resize(std::min(out.rfind('/'), out.size()));
      } else if (!component.empty() && component != ".") {
        out.append("/").append(component);
      }
    }
  };
  if (!path.starts_with('/')) append(base);
  append(path);
  return out.empty() ? "/" : out;
}

bool is_within(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool has_wildcard(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

bool wildcard_match(std::string_view pattern, std::string_view text) {
  // Where to go on when a star has to take one character more: of the last * and of the last **. A later star
  // of the same kind can always do what an earlier one could.
  struct Retry {
    std::size_t pattern = std::string_view::npos;
    std::size_t text = 0;
  };
  Retry star;
  Retry deep;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (pattern.substr(p).starts_with("**")) {
      p += 2;
      deep = {p, t};
      star = {};
    } else if (pattern.substr(p).starts_with("*")) {
      star = {++p, t};
    } else if (const auto width = fitting(pattern.substr(p), text[t]); width > 0) {
      p += width;
      ++t;
    } else if (star.pattern != std::string_view::npos && text[star.text] != '/') {
      p = star.pattern;
      t = ++star.text;
    } else if (deep.pattern != std::string_view::npos) {
      p = deep.pattern;
      t = ++deep.text;
      star = {};
    } else {
      return false;
    }
  }
  while (pattern.substr(p).starts_with("*")) ++p;
  return p == pattern.size();
}

bool may_climb(std::string_view path) {
  for (std::string_view rest = path; !rest.empty();) {
    const auto name = first_component(rest);
    if (name.starts_with('.') && has_wildcard(name)) return true;
  }
  return false;
}

Place place_of(const Folders& folders, const std::string& path, Access access, bool whole_tree) {
  const bool writes = access == Access::write;
  if (known(folders.scratch) && is_within(path, folders.scratch)) {
    // The agent's configuration and the gate's memory: it may read its skills there, and change nothing.
    const auto whole = below(path, folders.scratch);
    if (whole_tree && writes && whole.empty()) return Place::butler;
    // The folder may be that of one agent, or hold those of all.
    auto rest = whole;
    if (!may_begin_with(rest, "pi")) first_component(rest);
    if (!may_begin_with(rest, "pi")) return Place::scratch;
    const bool shown = may_begin_with(rest, "pi/skills") || may_begin_with(rest, "pi/prompts");
    return shown && !writes ? Place::system : Place::butler;
  }
  if (known(folders.workspace) && is_within(path, folders.workspace)) {
    const auto rest = below(path, folders.workspace);
    const bool guarded = writes && (is_guarded(rest) || (whole_tree && is_repository_folder(rest)));
    return guarded ? Place::guarded : Place::workspace;
  }
  if (in_any(folders.readable, path)) return writes ? Place::outside : Place::system;
  if (known(folders.agent_home) && is_within(path, folders.agent_home)) {
    const auto rest = below(path, folders.agent_home);
    return is_secret(rest) || (whole_tree && rest.empty()) ? Place::secret : Place::outside;
  }
  if (!folders.butler_home.empty() && is_within(path, folders.butler_home)) return Place::butler;
  if (in_any(harmless_devices, path)) return Place::scratch;
  if (is_secret(path)) return Place::secret;
  if (whole_tree && holds_secrets(folders, path)) return Place::secret;
  if (in_any(scratch_folders, path)) return Place::scratch;
  return in_any(system_folders, path) ? Place::system : Place::outside;
}

}  // namespace butler::policy
