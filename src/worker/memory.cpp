#include "worker/memory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "domain/utf8.hpp"
#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "log/log.hpp"
#include "worker/agent_files.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t told_at_once = 2'000;  // bytes of a changed file that go into a note

std::string replace(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

void create_missing(int folder, const std::string& name, std::string_view content) {
  const auto fd = files::open_beneath(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd.is_open()) return files::write_all(fd.get(), content, name);
  if (errno != EEXIST) files::throw_errno(name);
}

files::Descriptor open_folder(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) files::throw_errno(name);
  auto fd = files::open_beneath(parent, name, O_RDONLY | O_DIRECTORY);
  if (!fd.is_open()) files::throw_errno(name);
  return fd;
}

/// Cuts at the limit, but not inside a character.
std::string clean(std::string bytes) {
  if (bytes.size() > Memory::file_limit) {
    bytes.resize(Memory::file_limit);
    bytes.resize(bytes.size() - domain::incomplete_utf8_tail(bytes));
  }
  return domain::to_valid_utf8(replace(std::move(bytes), std::string_view{"\0", 1}, ""));
}

MemoryFile read(int folder, const std::string& name, std::string shown_name) {
  // Not blocking: a FIFO that the agent has put there must not hold the worker up.
  const auto fd = files::open_beneath(folder, name, O_RDONLY | O_NONBLOCK);
  struct stat status{};
  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) files::throw_errno(shown_name);
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    files::throw_errno(shown_name);
  }
  std::string bytes = read_at_most(fd.get(), Memory::file_limit + 1, shown_name);
  return MemoryFile{.name = std::move(shown_name),
                    .content = clean(bytes),
                    .size = static_cast<std::uint64_t>(status.st_size),
                    .cut = bytes.size() > Memory::file_limit};
}

template <class Open>
MemoryFile read_or_report(const std::string& name, Open open) {
  try {
    return open();
  } catch (const std::system_error& error) {
    log::warn("memory.unusable", {{"file", name}, {"error", error.what()}});
    return MemoryFile{.name = name, .content = {}};
  }
}

std::string new_notes(const std::string& date) {
  return replace(std::string{agent_file("NOTES.md")}, "{date}", date);
}

std::string note_of_the_cut(const MemoryFile& file) {
  if (!file.cut) return {};
  return "\n(Only the first " + std::to_string(Memory::file_limit) + " of " + std::to_string(file.size) +
         " bytes are shown: read the file for the rest, and shorten it when you can.)\n";
}

}  // namespace

std::string local_date(domain::Timestamp now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 16> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return {text.data(), length};
}

MemorySnapshot Memory::open_day(const std::string& date) const {
  const files::Descriptor workspace{::open(workspace_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!workspace.is_open()) files::throw_errno(workspace_.string());

  MemorySnapshot memory{.date = date, .files = {}};
  std::size_t next = 0;
  for (const std::string name : {"SOUL.md", "MEMORY.md"}) {
    memory.files.at(next++) = read_or_report(name, [&] {
      create_missing(workspace.get(), name, agent_file(name));
      return read(workspace.get(), name, name);
    });
  }
  const std::string notes = date + ".md";
  memory.files.at(next) = read_or_report("memory/" + notes, [&] {
    const files::Descriptor folder = open_folder(workspace.get(), "memory");
    create_missing(folder.get(), notes, new_notes(date));
    return read(folder.get(), notes, "memory/" + notes);
  });
  return memory;
}

std::string memory_prompt(const MemorySnapshot& memory, const std::optional<std::string>& instructions) {
  std::string text = instructions ? *instructions : std::string{agent_file("system_text.md")};
  text = replace(std::move(text), "{date}", memory.date);
  for (const MemoryFile& file : memory.files) {
    text += "\n\n<memory file=\"" + file.name + "\">\n" + file.content + note_of_the_cut(file) + "</memory>";
  }
  return text + "\n";
}

std::string memory_changes(const MemorySnapshot& known, const MemorySnapshot& now) {
  std::string changes;
  if (known.date != now.date) {
    changes += "Today is " + now.date + "; the notes of the day are in " + now.files.back().name + ".\n";
  }
  for (std::size_t i = 0; i < now.files.size(); ++i) {
    const MemoryFile& file = now.files.at(i);
    if (file == known.files.at(i)) continue;
    if (file.name != known.files.at(i).name && file.content == new_notes(now.date)) continue;
    if (file.size <= told_at_once) {
      changes += file.name + " has changed. It says now:\n" + file.content + "\n";
    } else {
      changes += file.name + " has changed: read it again before you rely on it.\n";
    }
  }
  if (changes.empty()) return {};
  return "[A note from Butler, not from the person:\n" + changes + "]\n\n";
}

}  // namespace butler::worker
