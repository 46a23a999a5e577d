#include "worker/session_store.hpp"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>

#include "digest/sha256.hpp"
#include "files/descriptor.hpp"
#include "files/whole_file.hpp"
#include "process/role.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t id_limit = 128;
constexpr std::size_t readable_limit = 40;
constexpr std::size_t digest_digits = 32;

bool is_plain(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::string session_store_id(const std::filesystem::path& session_root) {
  const auto file = session_root / ".store-id";
  files::write_whole_file_once(file, "store-" + process::random_hex(16) + "\n");
  // As every look into folders that an agent can write to.
  const files::Descriptor folder{::open(session_root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const auto stored = files::open_beneath(folder.get(), file.filename().string(), O_RDONLY | O_NONBLOCK);
  std::string id = stored.get() >= 0 ? read_at_most(stored.get(), id_limit + 1, file) : std::string{};
  while (id.ends_with('\n')) id.pop_back();
  const bool plain = std::ranges::all_of(id, [](char c) { return is_plain(c) || c == '-'; });
  if (id.empty() || id.size() > id_limit || !plain) {
    throw std::runtime_error(
        file.string() +
        " does not hold the id of this session root; restore it from a backup, or remove it and "
        "the sessions get a new home after ORCH_SESSION_HOME_SECONDS");
  }
  return id;
}

std::string session_name(std::string_view session_key) {
  std::string name;
  for (const char c : session_key.substr(0, readable_limit)) name.push_back(is_plain(c) ? c : '-');
  // pi's session ids begin with a letter or a digit.
  if (name.empty() || !is_plain(name.front())) name.insert(0, "s");
  name.push_back('-');
  name += digest::sha256_hex(session_key).substr(0, digest_digits);
  return name;
}

}  // namespace butler::worker
