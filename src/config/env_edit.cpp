#include "config/env_edit.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "config/env_file.hpp"
#include "config/load.hpp"
#include "config/trim.hpp"
#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/whole_file.hpp"

namespace butler::config {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_edited_file = 1 << 20;

bool is_plain(char c) {
  constexpr std::string_view marks = "_./:@%+,-=";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.contains(c);
}

std::string in_double_quotes(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    switch (c) {
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      case '\r': quoted += "\\r"; break;
      case '"':
      case '\\':
      case '$':
      case '`':
        quoted += '\\';
        quoted += c;
        break;
      default: quoted += c;
    }
  }
  return quoted + '"';
}

/// One line without its end, taken apart.
struct EditedLine {
  std::string_view before_value;  ///< all up to and with the equals sign; "" for a line without a variable
  std::string_view name;
  std::string_view remark;  ///< the comment behind the value with the blanks before it, or ""
  bool commented_out = false;
};

/// Where the comment behind an unquoted or quoted value begins, blanks included; the text's size for none.
std::size_t find_remark(std::string_view value) {
  const auto start = value.find_first_not_of(" \t");
  std::size_t at = 0;
  if (start != std::string_view::npos && (value[start] == '"' || value[start] == '\'')) {
    const char quote = value[start];
    for (at = start + 1; at < value.size() && value[at] != quote; ++at) {
      if (quote == '"' && value[at] == '\\') ++at;
    }
  }
  for (; at < value.size(); ++at) {
    if (value[at] != '#' || (at > 0 && !is_blank(value[at - 1]))) continue;
    while (at > 0 && is_blank(value[at - 1])) --at;
    return at;
  }
  return value.size();
}

EditedLine take_line_apart(std::string_view line) {
  EditedLine parts;
  std::string_view rest = line;
  const auto skip_blanks = [&rest] {
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  };
  skip_blanks();
  if (rest.starts_with('#')) {
    parts.commented_out = true;
    rest.remove_prefix(1);
    skip_blanks();
  }
  constexpr std::string_view keyword = "export";
  if (rest.starts_with(keyword) && rest.size() > keyword.size() && is_blank(rest[keyword.size()])) {
    rest.remove_prefix(keyword.size());
    skip_blanks();
  }
  const auto equals = rest.find('=');
  const auto name = trim(rest.substr(0, equals));
  if (equals == std::string_view::npos || !is_variable_name(name)) return {};
  const auto value = rest.substr(equals + 1);
  parts.name = name;
  parts.before_value = line.substr(0, line.size() - value.size());
  parts.remark = value.substr(find_remark(value));
  return parts;
}

/// A text as its lines, each with its end as it is.
std::vector<std::string> split_keeping_ends(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto length = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// What the lines of this file end with.
std::string line_end(const std::vector<std::string>& lines) {
  return !lines.empty() && lines.front().ends_with("\r\n") ? "\r\n" : "\n";
}

void add_variable(std::vector<std::string>& lines, const std::string& name, std::string_view value) {
  const std::string end = line_end(lines);
  const auto example = std::ranges::find_if(lines, [&](const std::string& line) {
    const auto parts = take_line_apart(without_end(line));
    return parts.commented_out && parts.name == name;
  });
  const auto place = example == lines.end() ? lines.end() : example + 1;
  if (place != lines.begin() && !std::prev(place)->ends_with('\n')) *std::prev(place) += end;
  lines.insert(place, name + "=" + quote_env_value(value) + end);
}

void make_change(std::vector<std::string>& lines, const EnvChange& change) {
  bool written = false;
  std::erase_if(lines, [&](std::string& line) {
    const auto body = without_end(line);
    const auto parts = take_line_apart(body);
    if (parts.commented_out || parts.name != change.name) return false;
    if (written || !change.value) return true;
    std::string fresh{parts.before_value};
    fresh += quote_env_value(*change.value);
    if (parts.remark.starts_with('#')) fresh += ' ';  // it stood behind no value, and no blank
    fresh += parts.remark;
    fresh += line.substr(body.size());
    line = std::move(fresh);
    written = true;
    return false;
  });
  if (change.value && !written) add_variable(lines, change.name, *change.value);
}

/// Whose a file is that root makes here: a checkout's is its owner's, who could not read it otherwise.
std::optional<files::Ownership> owner_of_new_file(const fs::path& folder) {
  struct stat status{};
  if (!is_checkout(folder) || ::stat(folder.c_str(), &status) != 0) return std::nullopt;
  return files::Ownership{.user = status.st_uid, .group = status.st_gid};
}

}  // namespace

std::string quote_env_value(std::string_view value) {
  if (std::ranges::all_of(value, is_plain)) return std::string{value};
  const bool special = value.find_first_of("'\n\r\t") != std::string_view::npos;
  if (!special) return "'" + std::string{value} + "'";
  return in_double_quotes(value);
}

std::expected<std::string, std::string> edit_env(std::string_view text,
                                                 const std::vector<EnvChange>& changes) {
  for (const EnvChange& change : changes) {
    if (!is_variable_name(change.name))
      return std::unexpected("'" + change.name + "' is no name of a variable");
    if (change.value && change.value->find('\0') != std::string::npos)
      return std::unexpected(change.name + ": there is a NUL byte in the value");
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  std::string edited;
  if (text.starts_with(byte_order_mark)) {
    edited = byte_order_mark;
    text.remove_prefix(byte_order_mark.size());
  }
  auto lines = split_keeping_ends(text);
  for (const EnvChange& change : changes) make_change(lines, change);
  for (const std::string& line : lines) edited += line;
  return edited;
}

std::expected<void, std::string> edit_env_file(const fs::path& file, const std::vector<EnvChange>& changes) {
  const std::string name = file.string();
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(file, error))) {
    return std::unexpected(name + " is a link; name the file itself in BUTLER_ENV_FILE");
  }
  std::string text;
  std::optional<files::Ownership> owner;
  if (auto present = files::read_small_file(file, longest_edited_file, files::Links::refuse)) {
    text = std::move(present->text);
    owner = {.user = present->owner, .group = present->group};
  } else if (present.error() != std::errc::no_such_file_or_directory) {
    throw std::system_error(present.error(), name);
  } else {
    owner = owner_of_new_file(file.parent_path());
  }
  if (::geteuid() != 0) owner.reset();  // only root can give a file away
  const auto edited = edit_env(text, changes);
  if (!edited) return std::unexpected(name + ": " + edited.error());
  files::write_whole_file(file, *edited, 0600, owner);
  files::sync_folder(file.parent_path());
  return {};
}

}  // namespace butler::config
