#include "render/block_writer.hpp"

#include <algorithm>
#include <utility>

#include "domain/utf8.hpp"

namespace butler::render {

namespace {

constexpr std::size_t deepest = 16;
constexpr std::size_t most_quote_lines = 8;
constexpr std::size_t most_quote_units = 600;
constexpr std::string_view inner_quote_mark = "› ";

}  // namespace

void BlockWriter::enter(Container container) {
  if (ignored_ > 0 || containers_.size() > deepest) {
    ++ignored_;
    return;
  }
  containers_.push_back(std::move(container));
}

void BlockWriter::enter_quote() {
  begin_block();
  // Telegram's block quotes do not nest, and are whole lines: only an outermost one is an entity.
  const bool outermost = containers_.size() == 1;
  enter({.kind = outermost ? Kind::quote : Kind::inner_quote});
}

void BlockWriter::enter_list(Spacing spacing) {
  begin_block();
  enter({.kind = Kind::list, .spacing = spacing});
}

void BlockWriter::enter_item(std::string marker) {
  begin_block();
  const std::size_t indent = domain::count_code_points(marker) + 1;
  enter({.kind = Kind::item,
         .spacing = containers_.back().spacing,
         .marker = std::move(marker),
         .indent = indent});
}

void BlockWriter::leave() {
  if (ignored_ > 0) {
    --ignored_;
    return;
  }
  if (!containers_.back().marker.empty()) write_markers();
  const Container left = std::move(containers_.back());
  containers_.pop_back();
  if (left.kind == Kind::quote) end_quote(left);
}

std::size_t BlockWriter::list_depth() const {
  return static_cast<std::size_t>(std::ranges::count(containers_, Kind::list, &Container::kind));
}

void BlockWriter::paragraph(const StyledText& content) {
  if (content.text.empty()) return;
  begin_block();
  break_line();
  out_.text.append(take_prefix());

  const std::string prefix = take_prefix();
  const std::size_t base = out_.text.size();
  std::vector<std::size_t> newlines;
  for (std::size_t i = 0; i < content.text.size(); ++i) {
    out_.text.push_back(content.text[i]);
    if (content.text[i] != '\n') continue;
    newlines.push_back(i);
    out_.text.append(prefix);
  }
  const auto moved = [&](std::size_t at) {
    const auto lines = std::ranges::lower_bound(newlines, at) - newlines.begin();
    return base + at + static_cast<std::size_t>(lines) * prefix.size();
  };
  for (const Span& span : content.spans) {
    out_.spans.push_back(span);
    out_.spans.back().begin = moved(span.begin);
    out_.spans.back().end = moved(span.end);
  }
}

void BlockWriter::preformatted(std::string_view code, std::string_view language) {
  begin_block();
  if (std::ranges::any_of(containers_, [](const Container& each) { return !each.marker.empty(); }))
    write_markers();
  break_line();
  out_.spans.push_back({.style = Style::pre,
                        .begin = out_.text.size(),
                        .end = out_.text.size() + code.size(),
                        .attribute = std::string{language}});
  out_.text.append(code);
}

/// A block, or a container, begins in the innermost container.
void BlockWriter::begin_block() {
  Container& parent = containers_.back();
  if (parent.has_content)
    newlines_ = std::max<std::size_t>(newlines_, parent.spacing == Spacing::tight ? 1 : 2);
  parent.has_content = true;
}

void BlockWriter::break_line() {
  if (!out_.text.empty()) out_.text.append(newlines_, '\n');
  newlines_ = 0;
  Container& outermost = containers_[std::min<std::size_t>(1, containers_.size() - 1)];
  if (outermost.kind == Kind::quote)
    outermost.quote_begin = std::min(outermost.quote_begin, out_.text.size());
}

/// What stands before a line's content, with the markers that are due; they are written once.
std::string BlockWriter::take_prefix() {
  std::string prefix;
  for (Container& container : containers_) {
    if (container.kind == Kind::inner_quote) {
      prefix.append(inner_quote_mark);
    } else if (!container.marker.empty()) {
      prefix.append(std::exchange(container.marker, {})).push_back(' ');
    } else {
      prefix.append(container.indent, ' ');
    }
  }
  return prefix;
}

/// List markers on a line of their own: their item is empty, or begins with code.
void BlockWriter::write_markers() {
  break_line();
  const std::string prefix = take_prefix();
  out_.text.append(prefix, 0, prefix.find_last_not_of(' ') + 1);
  newlines_ = 1;
}

void BlockWriter::end_quote(const Container& quote) {
  if (quote.quote_begin >= out_.text.size()) return;
  const std::string_view text = std::string_view{out_.text}.substr(quote.quote_begin);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  const bool is_long = lines > most_quote_lines || domain::count_utf16_units(text) > most_quote_units;
  out_.spans.push_back({.style = is_long ? Style::expandable_blockquote : Style::blockquote,
                        .begin = quote.quote_begin,
                        .end = out_.text.size()});
}

}  // namespace butler::render
