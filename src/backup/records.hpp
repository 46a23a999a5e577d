#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "domain/timestamp.hpp"

/// Butler's records as files that other programs read: one line of JSON a record.
namespace butler::backup {

struct RecordSource {
  std::filesystem::path home;
  std::string chats_url = {};  ///< of the PostgreSQL database that has the gateway's; "" for gateway.db
  std::string jobs_url = {};   ///< of the one that has the orchestrator's; "" for state.db
  std::string version;         ///< of this program
};

struct Records {
  std::vector<std::pair<std::string, std::int64_t>> files = {};  ///< each with how many records it has
  std::vector<std::string> absent = {};                          ///< databases that are not there yet
};

/// Writes jobs, events, results, approvals, messages to running jobs, artifacts' descriptions, people and
/// sessions into the new folder `target` (0700, files 0600), with `manifest.json`, written last, that counts
/// them. Butler may run meanwhile: each database is read as it was at one moment, the gateway's first. What
/// is listed is written and nothing else: no token, pairing code or lease. Timestamps are ISO-8601 in UTC.
///
/// Throws std::runtime_error and std::system_error; what was made until then is removed.
Records write_records(const RecordSource& source, const std::filesystem::path& target, domain::Timestamp now,
                      const std::function<void(const std::string& file, std::int64_t records)>& progress);

}  // namespace butler::backup
