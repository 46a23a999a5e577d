#include "vm_sandbox/archive.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <utility>

namespace butler::vm_sandbox {

namespace {

constexpr std::string_view magic = "070701";
constexpr std::string_view last_name = "TRAILER!!!";
constexpr std::size_t digits = 8;
constexpr std::size_t fields = 13;
constexpr std::size_t head_size = 110;
constexpr std::size_t alignment = 4;
constexpr std::uint32_t guest_user = 1000;
static_assert(magic.size() + fields * digits == head_size);

/// The fields of a head, by their place.
enum Field : std::uint8_t {
  inode,
  mode,
  owner,
  group,
  links,
  modified,
  size,
  major,
  minor,
  device_major,
  device_minor,
  name_size,
  checksum
};

std::size_t padding_of(std::uint64_t count) { return (alignment - count % alignment) % alignment; }

std::string encode_head(const std::array<std::uint64_t, fields>& numbers) {
  std::string head{magic};
  for (const auto number : numbers) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%08lx", static_cast<unsigned long>(number));
    head += text.data();
  }
  return head;
}

std::string with_name(std::string head, std::string_view name) {
  head += name;
  head += '\0';
  head.append(padding_of(head.size()), '\0');
  return head;
}

unsigned type_of(ArchiveEntry::Kind kind) {
  switch (kind) {
    case ArchiveEntry::Kind::folder: return S_IFDIR;
    case ArchiveEntry::Kind::file: return S_IFREG;
    case ArchiveEntry::Kind::link: return S_IFLNK;
  }
  return 0;
}

std::optional<std::array<std::uint64_t, fields>> decode_head(std::string_view head) {
  if (!head.starts_with(magic)) return std::nullopt;
  std::array<std::uint64_t, fields> numbers{};
  for (std::size_t i = 0; i < fields; ++i) {
    const char* const first = head.data() + magic.size() + i * digits;
    const auto [end, error] = std::from_chars(first, first + digits, numbers[i], 16);
    if (error != std::errc{} || end != first + digits) return std::nullopt;
  }
  return numbers;
}

/// The path as we know it; nullopt for one that leads elsewhere. "" is the workspace itself.
std::optional<std::string> clean_path(std::string_view name) {
  if (name == ".") return std::string{};
  if (name.starts_with("./")) name.remove_prefix(2);
  if (name.empty() || name.size() > archive_path_limit || name.contains('\0')) return std::nullopt;
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return std::nullopt;
    begin = end + 1;
  }
  return std::string{name};
}

std::unexpected<std::string> refuse(std::string_view why) {
  return std::unexpected("what the machine sent as its workspace is refused: " + std::string{why});
}

}  // namespace

std::string encode_entry(const ArchiveEntry& entry, GuestOwner whose) {
  std::array<std::uint64_t, fields> numbers{};
  numbers[inode] = entry.inode;
  numbers[mode] = type_of(entry.kind) | entry.mode;
  numbers[owner] = numbers[group] = whose == GuestOwner::agent ? guest_user : 0;
  numbers[links] = 1;
  numbers[modified] = entry.modified;
  numbers[size] = entry.size;
  numbers[name_size] = entry.path.size() + 1;
  return with_name(encode_head(numbers), entry.path);
}

std::string encode_padding(std::uint64_t count) { return std::string(padding_of(count), '\0'); }

std::string encode_archive_end() {
  std::array<std::uint64_t, fields> numbers{};
  numbers[links] = 1;
  numbers[name_size] = last_name.size() + 1;
  return with_name(encode_head(numbers), last_name);
}

bool ArchiveReader::gather(std::string_view& bytes, std::size_t wanted) {
  const auto count = std::min(bytes.size(), wanted - held_.size());
  held_ += bytes.substr(0, count);
  bytes.remove_prefix(count);
  return held_.size() == wanted;
}

std::expected<void, std::string> ArchiveReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    Done done;
    switch (part_) {
      case Part::head:
        if (gather(bytes, head_size)) done = take_head();
        break;
      case Part::name:
        if (gather(bytes, name_size_)) done = take_name();
        break;
      case Part::content: take_content(bytes); break;
      case Part::padding:
        if (gather(bytes, padding_)) {
          held_.clear();
          part_ = Part::head;
        }
        break;
      case Part::after: return {};
    }
    if (!done) return done;
  }
  return {};
}

ArchiveReader::Done ArchiveReader::take_head() {
  const auto numbers = decode_head(held_);
  held_.clear();
  if (!numbers) return refuse("it is no archive");
  entry_ = {};
  const auto type = (*numbers)[mode] & S_IFMT;
  passed_over_ = false;
  if (type == S_IFDIR) {
    entry_.kind = ArchiveEntry::Kind::folder;
  } else if (type == S_IFLNK) {
    entry_.kind = ArchiveEntry::Kind::link;
  } else {
    passed_over_ = type != S_IFREG;
  }
  entry_.mode = static_cast<std::uint32_t>((*numbers)[mode] & 0777U);
  entry_.modified = static_cast<std::uint32_t>((*numbers)[modified]);
  entry_.size = (*numbers)[size];
  const bool several = type == S_IFREG && (*numbers)[links] > 1;
  if (several) entry_.inode = (*numbers)[inode];
  name_length_ = (*numbers)[name_size];
  // One more for the zero byte, two for "./".
  if (name_length_ == 0 || name_length_ > archive_path_limit + 3) return refuse("a name is too long");
  name_size_ = name_length_ + padding_of(head_size + name_length_);
  part_ = Part::name;
  return {};
}

ArchiveReader::Done ArchiveReader::take_name() {
  const auto name = std::exchange(held_, {}).substr(0, name_length_);
  if (name.back() != '\0') return refuse("a name has no end");
  const std::string_view text{name.data(), name.size() - 1};
  if (text == last_name) {
    part_ = Part::after;
    return {};
  }
  auto path = clean_path(text);
  if (!path) return refuse("a name leads elsewhere");
  if (++entries_ > limits_.entries) return refuse("it has too many files");
  bytes_ += entry_.size;
  if (bytes_ > limits_.bytes) return refuse("it is larger than a workspace may be");
  if (entry_.kind == ArchiveEntry::Kind::folder && entry_.size != 0) return refuse("a folder has content");
  if (entry_.kind == ArchiveEntry::Kind::link && entry_.size > archive_path_limit) {
    return refuse("the target of a link is too long");
  }
  entry_.path = std::move(*path);
  passed_over_ = passed_over_ || entry_.path.empty();
  left_ = entry_.size;
  if (!passed_over_) sink_.begin(entry_);
  if (left_ == 0) {
    part_ = Part::head;
  } else {
    part_ = Part::content;
  }
  return {};
}

void ArchiveReader::take_content(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
  if (!passed_over_) sink_.content(bytes.substr(0, count));
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ == 0) end_content();
}

void ArchiveReader::end_content() {
  padding_ = padding_of(entry_.size);
  part_ = padding_ == 0 ? Part::head : Part::padding;
}

}  // namespace butler::vm_sandbox
