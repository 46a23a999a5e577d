#include "files/file_draft.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "files/folder.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"

namespace butler::files {

namespace {

/// Written out while more comes, so that the fsync at the end has little left to wait for.
constexpr std::uint64_t write_out_step = std::uint64_t{4} << 20U;

}  // namespace

FileDraft::FileDraft(const std::filesystem::path& place) : name_(place.string() + ".XXXXXX") {
  fd_ = Descriptor{::mkostemp(name_.data(), O_CLOEXEC)};
  if (!fd_.is_open()) throw_errno(std::exchange(name_, {}));
}

FileDraft::FileDraft(FileDraft&& other) noexcept
    : name_(std::exchange(other.name_, {})),
      fd_(std::move(other.fd_)),
      size_(other.size_),
      on_its_way_(other.on_its_way_) {}

FileDraft::~FileDraft() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

void FileDraft::add(std::string_view bytes) {
  write_all(fd_.get(), bytes, name_);
  size_ += bytes.size();
  if (size_ - on_its_way_ < write_out_step) return;
  // Only an early start: what it cannot do, sync() does, and says so.
  ::sync_file_range(fd_.get(), static_cast<off64_t>(on_its_way_), static_cast<off64_t>(size_ - on_its_way_),
                    SYNC_FILE_RANGE_WRITE);
  on_its_way_ = size_;
}

void FileDraft::sync() {
  if (::fsync(fd_.get()) != 0) throw_errno(name_);
}

void FileDraft::take_place(const std::filesystem::path& target) {
  if (std::rename(name_.c_str(), target.c_str()) != 0) throw_errno(target.string());
  name_.clear();
}

void FileDraft::publish(const std::filesystem::path& target) {
  sync();
  take_place(target);
  sync_folder(target.parent_path());
}

}  // namespace butler::files
