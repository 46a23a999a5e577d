#include "render/normalise.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "render/protect.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

/// How far the spaces and quote marks at a line's begin go.
std::size_t quote_prefix(std::string_view line) {
  return std::min(line.find_first_not_of(" \t>"), line.size());
}

std::size_t quote_depth(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count(line.substr(0, quote_prefix(line)), '>'));
}

/// Length of the list marker at `at` with the spaces behind it; 0 when there is none.
std::size_t list_marker(std::string_view line, std::size_t at) {
  std::size_t end = at;
  while (end < line.size() && is_ascii_digit(line[end])) ++end;
  const std::string_view marks = end == at ? "-*+" : ".)";
  if (end >= line.size() || !marks.contains(line[end])) return 0;
  const std::size_t content = line.find_first_not_of(" \t", end + 1);
  return content == std::string_view::npos || content == end + 1 ? 0 : content - at;
}

/// Where the content of the line begins, behind quote marks and list markers.
std::size_t content_begin(std::string_view line) {
  std::size_t at = quote_prefix(line);
  while (const std::size_t marker = list_marker(line, at)) {
    at += marker;
    at += quote_prefix(line.substr(at));
  }
  return at;
}

struct Fence {
  char mark = '`';
  std::size_t length = 0;
  std::size_t quote_depth = 0;
};

std::size_t run_length(std::string_view text, char c) {
  return std::min(text.find_first_not_of(c), text.size());
}

std::optional<Fence> opened_fence(std::string_view line) {
  const std::string_view content = line.substr(content_begin(line));
  if (content.empty() || (content[0] != '`' && content[0] != '~')) return std::nullopt;
  const std::size_t length = run_length(content, content[0]);
  if (length < 3) return std::nullopt;
  if (content[0] == '`' && content.substr(length).contains('`')) return std::nullopt;
  return Fence{.mark = content[0], .length = length, .quote_depth = quote_depth(line)};
}

bool closes(std::string_view line, const Fence& fence) {
  const std::string_view content = line.substr(quote_prefix(line));
  const std::size_t length = run_length(content, fence.mark);
  return length >= fence.length && content.find_first_not_of(" \t", length) == std::string_view::npos;
}

/// The line under a table's head: |:--|-:| with any number of dashes.
bool is_delimiter_row(std::string_view line) {
  const std::string_view row = line.substr(quote_prefix(line));
  if (!row.contains('|') || !row.contains('-')) return false;
  bool in_dashes = false;
  bool cell_done = false;  // after its dashes a cell holds only a colon and spaces
  for (const char c : row) {
    if (c == '|') {
      in_dashes = cell_done = false;
    } else if (c == '-') {
      if (cell_done) return false;
      in_dashes = true;
    } else if (c == ':' || c == ' ' || c == '\t') {
      cell_done = cell_done || in_dashes;
    } else {
      return false;
    }
  }
  return true;
}

/// The parser takes a delimiter cell only from three dashes on.
std::string with_wide_dashes(std::string_view row) {
  std::string wide;
  for (std::size_t at = 0; at < row.size();) {
    if (row[at] != '-') {
      wide.push_back(row[at++]);
      continue;
    }
    const std::size_t dashes = run_length(row.substr(at), '-');
    wide.append(std::max<std::size_t>(dashes, 3), '-');
    at += dashes;
  }
  return wide;
}

/// Reads lines, collects those of a paragraph, and protects it as a whole.
class Normaliser {
 public:
  explicit Normaliser(Placeholders& placeholders) : placeholders_(placeholders) {}

  void line(std::string_view line) {
    if (fence_ && quote_depth(line) < fence_->quote_depth) fence_.reset();
    if (fence_) {
      if (closes(line, *fence_)) fence_.reset();
      return copy(line);
    }
    fence_ = opened_fence(line);
    if (fence_ || quote_prefix(line) == line.size()) {
      end_paragraph();
      return copy(line);
    }
    text_line(line);
  }

  std::string finish() {
    end_paragraph();
    return std::move(out_);
  }

 private:
  void text_line(std::string_view line) {
    if (in_table_ && !line.contains('|')) {
      end_paragraph();
      copy(quote_marks(line));
    }
    if (in_table_ || lines_.empty() || !lines_.back().contains('|') || !is_delimiter_row(line)) {
      lines_.emplace_back(line);
      return;
    }
    begin_table(line);
  }

  /// The last line so far turns out to be a table's head.
  void begin_table(std::string_view delimiter_row) {
    std::string head = std::move(lines_.back());
    lines_.pop_back();
    const bool in_new_item = content_begin(head) != quote_prefix(head);
    if (!lines_.empty() && !in_new_item) {
      end_paragraph();
      copy(quote_marks(head));
    }
    lines_.push_back(std::move(head));
    lines_.push_back(with_wide_dashes(delimiter_row));
    in_table_ = true;
  }

  /// What a blank line needs to stay in the quote of this line.
  static std::string_view quote_marks(std::string_view line) {
    const std::string_view prefix = line.substr(0, quote_prefix(line));
    return prefix.substr(0, prefix.rfind('>') + 1);
  }

  void end_paragraph() {
    in_table_ = false;
    if (lines_.empty()) return;
    std::string paragraph;
    for (const std::string& line : lines_) paragraph.append(line).push_back('\n');
    lines_.clear();
    out_.append(protect(paragraph, placeholders_));
  }

  void copy(std::string_view line) { out_.append(line).push_back('\n'); }

  Placeholders& placeholders_;
  std::vector<std::string> lines_;
  std::optional<Fence> fence_;
  bool in_table_ = false;
  std::string out_;
};

}  // namespace

std::string normalise(std::string_view markdown, Placeholders& placeholders) {
  Normaliser normaliser{placeholders};
  for (std::size_t at = 0; at < markdown.size();) {
    const std::size_t end = std::min(markdown.find('\n', at), markdown.size());
    normaliser.line(markdown.substr(at, end - at));
    at = end + 1;
  }
  return normaliser.finish();
}

}  // namespace butler::render
