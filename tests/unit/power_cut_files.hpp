#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace butler::test {

/// A disk for SQLite that loses power: an SQLite VFS (sqlite.org/vfs.html), the default one while this lives.
/// What was written since a file's last sync is what a real disk may lose: at a cut each of those writes
/// arrives, or not, or in part (whole sectors), in no order; files that were deleted may be back. One
/// connection, one thread.
class PowerCutFiles {
 public:
  explicit PowerCutFiles(std::uint32_t seed) : random_(seed), base_(*sqlite3_vfs_find(nullptr)) {
    vfs_ = base_;
    vfs_.zName = "butler-power-cut";
    vfs_.pAppData = this;
    vfs_.szOsFile = sizeof(Handle);
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    vfs_.xAccess = access;
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error("SQLite takes no VFS");
  }
  PowerCutFiles(const PowerCutFiles&) = delete;
  PowerCutFiles& operator=(const PowerCutFiles&) = delete;
  ~PowerCutFiles() { sqlite3_vfs_unregister(&vfs_); }

  /// The power fails at the n-th write, truncation, deletion or sync from now on, before it is done.
  void cut_after(std::uint64_t operations) { left_ = operations; }

  bool is_off() const { return off_; }
  /// Cuts that lost or tore something.
  std::uint64_t losses() const { return losses_; }

  /// The disk as it is found afterwards. No connection is open.
  void power_on() {
    for (auto& [name, file] : deleted_) {
      if (random_() % 2 == 0 && !files_.contains(name)) files_.emplace(name, file);
    }
    deleted_.clear();
    for (auto& [name, file] : files_) settle(*file);
    off_ = false;
    left_ = never;
  }

  void erase_all() {
    files_.clear();
    deleted_.clear();
  }

 private:
  static constexpr std::uint64_t never = UINT64_MAX;
  static constexpr std::size_t sector = 512;
  using Bytes = std::vector<unsigned char>;

  struct Change {
    std::size_t offset = 0;
    Bytes bytes = {};
    bool truncates = false;  ///< to `offset`
  };
  struct File {
    Bytes seen = {};  ///< by the program
    Bytes safe = {};
    std::vector<Change> unsafe = {};
    std::vector<std::unique_ptr<Bytes>> shared = {};  ///< the index of the log: memory of the processes
  };
  struct Handle {
    sqlite3_file base;
    PowerCutFiles* disk;
    std::shared_ptr<File>* file;
    bool syncs_folder;  ///< a journal or a log that is new: its first sync is the folder's, too (os_unix.c,
                        ///< DIRSYNC)
  };

  static void apply(Bytes& to, const Change& change, std::size_t from, std::size_t count) {
    if (change.truncates) return to.resize(std::min(to.size(), change.offset));
    const std::size_t end = change.offset + from + count;
    if (to.size() < end) to.resize(end);
    std::memcpy(to.data() + change.offset + from, change.bytes.data() + from, count);
  }

  void settle(File& file) {
    for (const Change& change : file.unsafe) {
      const auto fate = random_() % 4;
      if (fate == 0) ++losses_;
      if (fate == 1) tear(file, change);
      if (fate >= 2) apply(file.safe, change, 0, change.bytes.size());
    }
    file.unsafe.clear();
    file.seen = file.safe;
    file.shared.clear();
  }

  /// Some of the sectors that a write touches.
  void tear(File& file, const Change& change) {
    ++losses_;
    for (std::size_t from = 0; from < change.bytes.size();) {
      const std::size_t rest = sector - (change.offset + from) % sector;
      const std::size_t count = std::min(rest, change.bytes.size() - from);
      if (random_() % 2 == 0) apply(file.safe, change, from, count);
      from += count;
    }
  }

  /// False when the power is off, or fails with this.
  bool has_power() {
    if (!off_ && left_ != never && left_-- == 0) off_ = true;
    return !off_;
  }

  int change(File& file, Change change, int failure) {
    if (!has_power()) return failure;
    apply(file.seen, change, 0, change.bytes.size());
    file.unsafe.push_back(std::move(change));
    return SQLITE_OK;
  }

  static Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static File& file_of(sqlite3_file* file) { return **handle_of(file).file; }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
    auto& disk = *static_cast<PowerCutFiles*>(vfs->pAppData);
    auto& handle = handle_of(out);
    handle.base.pMethods = nullptr;
    if (disk.off_) return SQLITE_CANTOPEN;
    std::shared_ptr<File> file;
    if (name != nullptr) {
      const auto found = disk.files_.find(name);
      if (found != disk.files_.end()) file = found->second;
      if (!file && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    }
    constexpr int logs = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    handle.syncs_folder = !file && (flags & logs) != 0;
    if (!file) file = std::make_shared<File>();
    if (name != nullptr) disk.files_[name] = file;
    handle.disk = &disk;
    handle.file = new std::shared_ptr<File>(std::move(file));
    handle.base.pMethods = &methods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int synced) {
    auto& disk = *static_cast<PowerCutFiles*>(vfs->pAppData);
    if (!disk.has_power()) return SQLITE_IOERR_DELETE;
    const auto found = disk.files_.find(name);
    if (found == disk.files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (synced == 0) disk.deleted_.emplace_back(name, found->second);
    disk.files_.erase(found);
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int /*how*/, int* result) {
    *result = static_cast<PowerCutFiles*>(vfs->pAppData)->files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }

  static int close(sqlite3_file* file) {
    delete handle_of(file).file;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
    const auto& bytes = file_of(file).seen;
    const auto from = static_cast<std::size_t>(offset);
    const auto wanted = static_cast<std::size_t>(count);
    const std::size_t there = from < bytes.size() ? std::min(wanted, bytes.size() - from) : 0;
    if (there > 0) std::memcpy(to, bytes.data() + from, there);
    std::memset(static_cast<unsigned char*>(to) + there, 0, wanted - there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
    const auto* const first = static_cast<const unsigned char*>(from);
    return handle_of(file).disk->change(
        file_of(file), {.offset = static_cast<std::size_t>(offset), .bytes = Bytes(first, first + count)},
        SQLITE_IOERR_WRITE);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return handle_of(file).disk->change(
        file_of(file), {.offset = static_cast<std::size_t>(size), .bytes = {}, .truncates = true},
        SQLITE_IOERR_TRUNCATE);
  }

  static int sync(sqlite3_file* file, int /*flags*/) {
    if (!handle_of(file).disk->has_power()) return SQLITE_IOERR_FSYNC;
    auto& synced = file_of(file);
    synced.safe = synced.seen;
    synced.unsafe.clear();
    if (std::exchange(handle_of(file).syncs_folder, false)) handle_of(file).disk->deleted_.clear();
    return SQLITE_OK;
  }

  static int size(sqlite3_file* file, sqlite3_int64* result) {
    *result = static_cast<sqlite3_int64>(file_of(file).seen.size());
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* /*file*/, int /*level*/) { return SQLITE_OK; }
  static int check_lock(sqlite3_file* /*file*/, int* result) {
    *result = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file* /*file*/, int /*operation*/, void* /*argument*/) {
    return SQLITE_NOTFOUND;
  }
  static int sector_size(sqlite3_file* /*file*/) { return 4'096; }
  static int characteristics(sqlite3_file* /*file*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int map_shared(sqlite3_file* file, int region, int bytes, int /*extend*/, void volatile** result) {
    auto& shared = file_of(file).shared;
    while (std::cmp_less_equal(shared.size(), region)) {
      shared.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(bytes)));
    }
    *result = shared[static_cast<std::size_t>(region)]->data();
    return SQLITE_OK;
  }
  static int lock_shared(sqlite3_file* /*file*/, int /*offset*/, int /*count*/, int /*flags*/) {
    return SQLITE_OK;
  }
  static void barrier(sqlite3_file* /*file*/) {}
  static int unmap_shared(sqlite3_file* file, int deletes) {
    if (deletes != 0) file_of(file).shared.clear();
    return SQLITE_OK;
  }

  static constexpr sqlite3_io_methods methods{.iVersion = 2,
                                              .xClose = close,
                                              .xRead = read,
                                              .xWrite = write,
                                              .xTruncate = truncate,
                                              .xSync = sync,
                                              .xFileSize = size,
                                              .xLock = lock,
                                              .xUnlock = lock,
                                              .xCheckReservedLock = check_lock,
                                              .xFileControl = control,
                                              .xSectorSize = sector_size,
                                              .xDeviceCharacteristics = characteristics,
                                              .xShmMap = map_shared,
                                              .xShmLock = lock_shared,
                                              .xShmBarrier = barrier,
                                              .xShmUnmap = unmap_shared,
                                              .xFetch = nullptr,
                                              .xUnfetch = nullptr};

  std::mt19937 random_;
  sqlite3_vfs base_;
  sqlite3_vfs vfs_{};
  std::map<std::string, std::shared_ptr<File>> files_;
  std::vector<std::pair<std::string, std::shared_ptr<File>>> deleted_;
  std::uint64_t left_ = never;
  std::uint64_t losses_ = 0;
  bool off_ = false;
};

}  // namespace butler::test
