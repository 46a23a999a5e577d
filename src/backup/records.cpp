#include "backup/records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "backup/record_files.hpp"
#include "files/descriptor.hpp"
#include "files/folder.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "postgres/connection.hpp"
#include "sqlite/read_only.hpp"

namespace butler::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours reading_time{12};
constexpr const char* records_manifest = "manifest.json";

/// Rows of one moment.
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  virtual ~Snapshot() = default;

  /// The rows of a query of one column, as text.
  virtual std::vector<std::string> rows(const std::string& sql) = 0;
  /// The function that makes a JSON array of its arguments.
  virtual std::string_view make_array() const = 0;
};

class FileSnapshot final : public Snapshot {
 public:
  explicit FileSnapshot(const fs::path& file)
      : file_(file),
        begun_without_log_(!has_log()),
        written_(fs::last_write_time(file)),
        database_(file, reading_time) {
    database_.query("BEGIN");
  }

  /// A file that nobody had open was read without a lock. Throws std::runtime_error when that went wrong.
  void check_that_it_stood_still() const {
    if (!begun_without_log_ || (!has_log() && fs::last_write_time(file_) == written_)) return;
    throw std::runtime_error("Butler was started while " + file_.string() +
                             " was read, so what was read is of no one moment: export again");
  }

  std::vector<std::string> rows(const std::string& sql) override {
    std::vector<std::string> all;
    for (auto& row : database_.query(sql)) all.push_back(std::move(row.at(0)));
    return all;
  }
  std::string_view make_array() const override { return "json_array"; }

 private:
  bool has_log() const { return fs::exists(file_.string() + "-wal"); }

  fs::path file_;
  bool begun_without_log_;
  fs::file_time_type written_;
  sqlite::ReadOnlyDatabase database_;
};

class ServerSnapshot final : public Snapshot {
 public:
  explicit ServerSnapshot(const std::string& url)
      : connection_({.url = url, .application = "export", .on_connect = {}}), transaction_(connection_) {
    connection_.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  }

  std::vector<std::string> rows(const std::string& sql) override {
    std::vector<std::string> all;
    for (const auto row : connection_.query(sql)) all.push_back(row.string(0));
    return all;
  }
  std::string_view make_array() const override { return "json_build_array"; }

  /// False for a database that no role has made its tables in yet.
  bool has_table(std::string_view name) {
    return rows("SELECT to_regclass('" + std::string{name} + "')::text IS NOT NULL") ==
           std::vector<std::string>{"t"};
  }

 private:
  postgres::Connection connection_;
  postgres::Transaction transaction_;
};

/// The files of one export on their way.
class Writing {
 public:
  Writing(fs::path target, const std::function<void(const std::string&, std::int64_t)>& progress)
      : target_(std::move(target)), progress_(progress) {}

  void add(Snapshot& snapshot, std::span<const RecordFile> files) {
    for (const auto& file : files) add_file(snapshot, file);
  }
  void add_absent(const char* name) { records_.absent.emplace_back(name); }

  Records finish(const std::string& version, domain::Timestamp now) {
    json::Object counts;
    for (const auto& [name, count] : records_.files) counts[name] = count;
    json::Array absent;
    for (const auto& name : records_.absent) absent.emplace_back(name);
    const json::Object manifest{{"format", 1},
                                {"version", version},
                                {"createdAt", domain::to_iso8601(now)},
                                {"records", std::move(counts)},
                                {"absent", std::move(absent)}};
    files::write_whole_file(target_ / records_manifest, json::serialize(manifest) + "\n");
    files::sync_folder(target_.parent_path());
    return std::move(records_);
  }

 private:
  void add_file(Snapshot& snapshot, const RecordFile& file) {
    const std::string name{file.name};
    const auto path = target_ / name;
    const files::Descriptor made{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!made.is_open()) files::throw_errno(path.string());
    std::int64_t count = 0;
    json::Value last = nullptr;
    for (;;) {
      const auto page = snapshot.rows(page_sql(file, snapshot.make_array(), last));
      if (page.empty()) break;
      std::string lines;
      for (const auto& text : page) {
        auto row = json::parse_tolerant(text);
        if (!row || !row->is_array()) throw std::runtime_error(name + ": a row cannot be read as JSON");
        lines += json::serialize(to_record(file, row->get_array())) + "\n";
        last = *std::move(row);
      }
      files::write_all(made.get(), lines, path.string());
      count += static_cast<std::int64_t>(page.size());
      progress_(name, count);
    }
    if (::fsync(made.get()) != 0) files::throw_errno(path.string());
    records_.files.emplace_back(name, count);
  }

  fs::path target_;
  const std::function<void(const std::string&, std::int64_t)>& progress_;
  Records records_;
};

/// Where a role keeps its records.
struct RecordPlace {
  fs::path file;
  const std::string& url;  ///< "" for the file
  const char* setting;     ///< that has the address
  std::string_view first_table;
};

void add_database(Writing& writing, const RecordPlace& place, std::span<const RecordFile> files) {
  if (!place.url.empty()) {
    ServerSnapshot snapshot(place.url);
    if (!snapshot.has_table(place.first_table)) return writing.add_absent(place.setting);
    return writing.add(snapshot, files);
  }
  if (!fs::exists(place.file)) return writing.add_absent(place.file.filename().c_str());
  FileSnapshot snapshot(place.file);
  writing.add(snapshot, files);
  snapshot.check_that_it_stood_still();
}

}  // namespace

Records write_records(const RecordSource& source, const fs::path& target, domain::Timestamp now,
                      const std::function<void(const std::string& file, std::int64_t records)>& progress) {
  if (::mkdir(target.c_str(), 0700) != 0) files::throw_errno(target.string());
  try {
    Writing writing(target, progress);
    add_database(writing,
                 {.file = source.home / "gateway.db",
                  .url = source.chats_url,
                  .setting = "GATEWAY_DATABASE_URL",
                  .first_table = "people"},
                 gateway_record_files());
    add_database(writing,
                 {.file = source.home / "state.db",
                  .url = source.jobs_url,
                  .setting = "ORCH_DATABASE_URL",
                  .first_table = "jobs"},
                 orchestrator_record_files());
    return writing.finish(source.version, now);
  } catch (...) {
    std::error_code ignored;  // the fault that led here is the one to tell
    fs::remove_all(target, ignored);
    throw;
  }
}

}  // namespace butler::backup
