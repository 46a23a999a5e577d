#include "render/document.hpp"

#include <md4c.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "render/block_writer.hpp"
#include "render/clean.hpp"
#include "render/inline_run.hpp"
#include "render/table.hpp"

namespace butler::render {

namespace {

constexpr unsigned parser_flags = MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_PERMISSIVEURLAUTOLINKS |
                                  MD_FLAG_PERMISSIVEWWWAUTOLINKS | MD_FLAG_NOINDENTEDCODEBLOCKS |
                                  MD_FLAG_NOHTMLBLOCKS;

constexpr std::string_view horizontal_rule = "⎯⎯⎯⎯⎯";
constexpr std::size_t longest_language = 32;

/// Addresses may take this many bytes beyond the size of the input: a reference can be used again and again.
constexpr std::size_t spare_url_bytes = 65'536;

/// What a callback answers to stop the parser; it loses positive numbers on the way, and -1 is its own.
enum class Stop : int { go_on = 0, table_too_large = -2, fault = -3 };

Align align_of(MD_ALIGN align) {
  if (align == MD_ALIGN_RIGHT) return Align::right;
  return align == MD_ALIGN_CENTER ? Align::center : Align::left;
}

/// "c++" of "c++ title=x"; empty for what cannot be a language.
std::string language_of(std::string_view info) {
  const std::string_view word = info.substr(0, info.find_first_of(" ,{"));
  const bool valid = word.size() <= longest_language &&
                     std::ranges::all_of(word, [](char c) { return c > ' ' && c < '\x7F' && c != '`'; });
  return valid ? std::string{word} : std::string{};
}

class Document {
 public:
  Document(std::size_t input_size, const Placeholders& placeholders)
      : placeholders_(placeholders), url_bytes_(input_size + spare_url_bytes) {}

  Stop enter_block(MD_BLOCKTYPE type, const void* detail);
  Stop leave_block(MD_BLOCKTYPE type);
  void enter_span(MD_SPANTYPE type, const void* detail);
  void leave_span(MD_SPANTYPE type);
  void text(MD_TEXTTYPE type, std::string_view text);

  StyledText finish() { return blocks_.finish(); }

  std::exception_ptr fault;

 private:
  std::string attribute(const MD_ATTRIBUTE& attribute) const;
  std::string url(const MD_ATTRIBUTE& attribute);
  void enter_item(const MD_BLOCK_LI_DETAIL& item);
  void add_cell(Align align);
  void inline_text(std::string_view text);
  void formula(const Formula& formula);
  void flush();
  void end_heading();
  void end_code();
  void end_table();

  const Placeholders& placeholders_;
  BlockWriter blocks_;
  InlineRun run_;
  std::vector<unsigned> next_numbers_;  ///< per open list; 0 for a bulleted one
  unsigned heading_level_ = 0;          ///< 0 outside of headings
  bool in_code_ = false;
  bool in_code_span_ = false;
  std::string code_;
  std::string language_;
  bool in_table_ = false;
  Table table_;
  Align align_ = Align::left;
  std::size_t url_bytes_;
};

std::string Document::attribute(const MD_ATTRIBUTE& attribute) const {
  std::string text;
  for (std::size_t i = 0; attribute.size > 0 && attribute.substr_offsets[i] < attribute.size; ++i) {
    const std::size_t begin = attribute.substr_offsets[i];
    const std::string_view part{attribute.text + begin, attribute.substr_offsets[i + 1] - begin};
    text.append(attribute.substr_types[i] == MD_TEXT_ENTITY ? decode_entity(part) : std::string{part});
  }
  return placeholders_.restore(text);
}

std::string Document::url(const MD_ATTRIBUTE& address) {
  if (address.size > url_bytes_) return {};
  url_bytes_ -= address.size;
  return attribute(address);
}

Stop Document::enter_block(MD_BLOCKTYPE type, const void* detail) {
  flush();
  switch (type) {
    case MD_BLOCK_QUOTE: blocks_.enter_quote(); break;
    case MD_BLOCK_UL:
      next_numbers_.push_back(0);
      blocks_.enter_list(static_cast<const MD_BLOCK_UL_DETAIL*>(detail)->is_tight ? Spacing::tight
                                                                                  : Spacing::loose);
      break;
    case MD_BLOCK_OL: {
      const auto& list = *static_cast<const MD_BLOCK_OL_DETAIL*>(detail);
      next_numbers_.push_back(list.start + 1);
      blocks_.enter_list(list.is_tight ? Spacing::tight : Spacing::loose);
      break;
    }
    case MD_BLOCK_LI: enter_item(*static_cast<const MD_BLOCK_LI_DETAIL*>(detail)); break;
    case MD_BLOCK_HR: blocks_.paragraph({.text = std::string{horizontal_rule}}); break;
    case MD_BLOCK_H: heading_level_ = static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level; break;
    case MD_BLOCK_CODE:
      in_code_ = true;
      language_ = language_of(attribute(static_cast<const MD_BLOCK_CODE_DETAIL*>(detail)->lang));
      break;
    case MD_BLOCK_TABLE: {
      const auto& table = *static_cast<const MD_BLOCK_TABLE_DETAIL*>(detail);
      const std::size_t cells = std::size_t{table.col_count} * (table.head_row_count + table.body_row_count);
      if (table.col_count > most_columns || cells > most_cells) return Stop::table_too_large;
      in_table_ = true;
      break;
    }
    case MD_BLOCK_TR: table_.rows.emplace_back(); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: align_ = align_of(static_cast<const MD_BLOCK_TD_DETAIL*>(detail)->align); break;
    default: break;
  }
  return Stop::go_on;
}

Stop Document::leave_block(MD_BLOCKTYPE type) {
  switch (type) {
    case MD_BLOCK_TH: table_.columns.push_back({.align = align_, .head = run_.finish()}); return Stop::go_on;
    case MD_BLOCK_TD: table_.rows.back().push_back(run_.finish()); return Stop::go_on;
    case MD_BLOCK_THEAD: table_.rows.clear(); return Stop::go_on;
    case MD_BLOCK_TABLE: end_table(); return Stop::go_on;
    case MD_BLOCK_CODE: end_code(); return Stop::go_on;
    case MD_BLOCK_H: end_heading(); return Stop::go_on;
    default: flush(); break;
  }
  if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) next_numbers_.pop_back();
  const bool container =
      type == MD_BLOCK_QUOTE || type == MD_BLOCK_UL || type == MD_BLOCK_OL || type == MD_BLOCK_LI;
  if (container) blocks_.leave();
  return Stop::go_on;
}

void Document::enter_item(const MD_BLOCK_LI_DETAIL& item) {
  unsigned& number = next_numbers_.back();
  std::string marker = blocks_.list_depth() % 2 == 1 ? "•" : "◦";
  if (number > 0) marker = std::to_string(number++ - 1) + ".";
  if (item.is_task) marker = item.task_mark == ' ' ? "☐" : "☑";
  blocks_.enter_item(std::move(marker));
}

void Document::enter_span(MD_SPANTYPE type, const void* detail) {
  switch (type) {
    case MD_SPAN_EM: return run_.open_style(Style::italic);
    case MD_SPAN_STRONG: return run_.open_style(Style::bold);
    case MD_SPAN_DEL: return run_.open_style(Style::strikethrough);
    case MD_SPAN_CODE: in_code_span_ = true; return run_.open_style(Style::code);
    case MD_SPAN_A: return run_.open_link(url(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href));
    case MD_SPAN_IMG: return run_.open_image(url(static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src));
    default: return run_.open_style(Style::underline);
  }
}

void Document::leave_span(MD_SPANTYPE type) {
  if (type == MD_SPAN_CODE) in_code_span_ = false;
  run_.close();
}

void Document::text(MD_TEXTTYPE type, std::string_view text) {
  if (in_code_) {
    code_.append(text);
    return;
  }
  switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR: return run_.text(in_code_span_ ? " " : "\n");
    case MD_TEXT_ENTITY: return run_.text(decode_entity(text));
    case MD_TEXT_HTML: return run_.html(placeholders_.restore(text));
    default: return inline_text(text);
  }
}

void Document::inline_text(std::string_view source) {
  std::string text{source};
  std::ranges::replace(text, '\t', ' ');
  if (in_code_span_) {
    text = placeholders_.restore(text);
    // The parser leaves the escape that a bar needs in a table's cell.
    for (std::size_t at = 0; in_table_ && (at = text.find("\\|", at)) != std::string::npos; ++at)
      text.erase(at, 1);
    return run_.text(text);
  }
  for (const Piece& piece : placeholders_.resolve(text))
    piece.formula ? formula(*piece.formula) : run_.text(piece.text);
}

void Document::formula(const Formula& formula) {
  const bool own_block =
      formula.kind == FormulaKind::display && !in_table_ && heading_level_ == 0 && run_.depth() == 0;
  if (own_block) {
    flush();
    return blocks_.preformatted(expand_tabs(formula.text), "latex");
  }
  std::string line = formula.text;
  std::ranges::replace(line, '\n', ' ');
  run_.open_style(Style::code);
  run_.text(line);
  run_.close();
}

void Document::flush() { blocks_.paragraph(run_.finish()); }

void Document::end_heading() {
  StyledText heading = run_.finish();
  const std::size_t end = heading.text.size();
  heading.spans.push_back({.style = Style::bold, .begin = 0, .end = end});
  if (heading_level_ == 1) heading.spans.push_back({.style = Style::underline, .begin = 0, .end = end});
  heading_level_ = 0;
  blocks_.paragraph(heading);
}

void Document::end_code() {
  in_code_ = false;
  const std::string code = expand_tabs(placeholders_.restore(std::exchange(code_, {})));
  const std::size_t first = code.find_first_not_of(whitespace);
  if (first == std::string::npos) return;
  const std::size_t begin =
      code.rfind('\n', first) + 1;  // blank lines go, the indent of the first line stays
  const std::size_t end = code.find_last_not_of(whitespace) + 1;
  blocks_.preformatted(std::string_view{code}.substr(begin, end - begin), language_);
}

void Document::end_table() {
  in_table_ = false;
  const Table table = std::exchange(table_, {});
  if (const auto grid = draw_grid(table)) return blocks_.preformatted(*grid, {});
  blocks_.paragraph(write_cards(table));
}

/// Calls into the document from C: exceptions must not pass through the parser, they wait in `fault`.
template <class Call>
int guarded(void* user, Call call) {
  auto& document = *static_cast<Document*>(user);
  try {
    return std::to_underlying(call(document));
  } catch (...) {
    document.fault = std::current_exception();
    return std::to_underlying(Stop::fault);
  }
}

MD_PARSER make_parser(unsigned flags) {
  MD_PARSER parser{};
  parser.flags = flags;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* user) {
    return guarded(user, [&](Document& document) { return document.enter_block(type, detail); });
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* user) {
    return guarded(user, [&](Document& document) { return document.leave_block(type); });
  };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* user) {
    return guarded(user, [&](Document& document) { return document.enter_span(type, detail), Stop::go_on; });
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* user) {
    return guarded(user, [&](Document& document) { return document.leave_span(type), Stop::go_on; });
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
    return guarded(user, [&](Document& document) { return document.text(type, {text, size}), Stop::go_on; });
  };
  return parser;
}

Stop parse(std::string_view markdown, unsigned flags, Document& document) {
  const MD_PARSER parser = make_parser(flags);
  const int result = md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &parser, &document);
  if (document.fault) std::rethrow_exception(document.fault);
  if (result == -1) throw std::runtime_error("the Markdown parser failed");
  return static_cast<Stop>(result);
}

}  // namespace

StyledText lay_out(std::string_view markdown, const Placeholders& placeholders) {
  Document document{markdown.size(), placeholders};
  if (parse(markdown, parser_flags | MD_FLAG_TABLES, document) == Stop::go_on) return document.finish();
  // A table is too large: all of them stay text.
  Document without_tables{markdown.size(), placeholders};
  parse(markdown, parser_flags, without_tables);
  return without_tables.finish();
}

}  // namespace butler::render
