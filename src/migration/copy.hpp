#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "migration/copy_end.hpp"
#include "migration/copy_plan.hpp"

/// A role's state from SQLite to PostgreSQL, or back.
namespace butler::migration {

struct CopyTask {
  std::string role = {};
  CopyPlace source = {};
  CopyPlace target = {};
  Differences differences = {};
};

struct TableCount {
  std::string table = {};
  std::int64_t rows = 0;
};

/// What was copied, or would be.
struct Copied {
  std::string role = {};
  std::vector<TableCount> tables = {};
  std::int64_t replaced = 0;  ///< texts with U+0000, for which PostgreSQL has U+FFFD
};

/// Called now and then with the role, its table, and how many of its rows are written.
using CopyProgress = std::function<void(const std::string&, const std::string&, std::int64_t)>;

/// What a copy would copy; nothing is changed. Throws std::runtime_error with what is in its way.
std::vector<Copied> look_at_copy(std::span<const CopyTask> tasks);

/// Copies everything of each task, and commits when each table has as many rows in the target as in the
/// source, the last task first; before that, every fault undoes all of it but the schema. The sources are not
/// changed. Nobody else uses the databases. Throws std::runtime_error.
std::vector<Copied> copy_databases(std::span<const CopyTask> tasks, const CopyProgress& progress);

}  // namespace butler::migration
