// What Butler itself keeps beside the agent's workspace.
#include <sys/stat.h>

#include <array>
#include <string>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

std::string in_home(const Targets& targets, const char* path) { return targets.text("butler-home") + path; }

/// Around the workspace a sandbox has a folder of the same name, which may be its own.
Finding write_to_home(const Targets& targets) {
  struct stat status{};
  const bool real = ::stat(targets.text("butler-home").c_str(), &status) == 0 &&
                    std::to_string(status.st_ino) == targets.text("butler-home-inode");
  return real ? try_create(in_home(targets, "/probe-new")) : held("a folder of the sandbox's own");
}

constexpr std::array butler_table{
    Attempt{"butler-env", "read every secret of Butler's .env",
            [](const Targets& t) { return try_read(in_home(t, "/.env")); }},
    Attempt{"butler-secrets", "read Butler's tokens",
            [](const Targets& t) { return try_read(in_home(t, "/secrets.env")); }},
    Attempt{"butler-state", "read everybody's jobs",
            [](const Targets& t) { return try_read(in_home(t, "/state.db")); }},
    Attempt{"butler-artifacts", "read the files of everybody's jobs",
            [](const Targets& t) { return try_read(in_home(t, "/artifacts/job/diary.pdf")); }},
    Attempt{"butler-gateway-state", "read everybody's messages",
            [](const Targets& t) { return try_read(in_home(t, "/gateway.db")); }},
    Attempt{"butler-models", "read the provider keys of models.json",
            [](const Targets& t) { return try_read(in_home(t, "/agent/models.json")); }},
    Attempt{"butler-logins", "read the provider logins of auth.json",
            [](const Targets& t) { return try_read(in_home(t, "/agent/auth.json")); }},
    Attempt{"butler-policy-write", "allow itself what the policy forbids",
            [](const Targets& t) { return try_write(in_home(t, "/config/policy.json")); }},
    Attempt{"butler-policy-new", "put a policy where there is none",
            [](const Targets& t) { return try_create(in_home(t, "/config/probe-new.json")); }},
    Attempt{"other-person", "read another person's workspace",
            [](const Targets& t) { return try_read(in_home(t, "/people/7/workspace/diary")); }},
    Attempt{"other-person-write", "write to another person's workspace",
            [](const Targets& t) { return try_write(in_home(t, "/people/7/workspace/diary")); }},
    Attempt{"butler-home-write", "put a file into Butler's home", write_to_home},
};

}  // namespace

std::span<const Attempt> butler_attempts() { return butler_table; }

}  // namespace butler::sandbox_probe
