#include "worker/spool.hpp"

#include <chrono>
#include <system_error>

#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

fs::path make_spool(const fs::path& butler_home) {
  const auto spool = butler_home / "worker" / "files";
  make_private_folder(spool);
  return spool;
}

void clear_spool(const fs::path& spool) {
  const auto oldest = fs::file_time_type::clock::now() - std::chrono::hours{1};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(spool, error)) {
    const auto changed = entry.last_write_time(error);
    if (error || changed > oldest) continue;
    fs::remove_all(entry.path(), error);
    if (error) log::warn("spool.kept", {{"file", entry.path().string()}, {"error", error.message()}});
  }
}

SpooledFile::SpooledFile(const fs::path& spool) : path_(spool / process::random_hex(16)) {}

SpooledFile::~SpooledFile() {
  std::error_code ignored;  // what stays goes at the worker's next start
  fs::remove(path_, ignored);
}

}  // namespace butler::worker
