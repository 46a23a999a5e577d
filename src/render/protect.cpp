#include "render/protect.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "render/formula.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::size_t longest_footnote_label = 32;
constexpr char32_t first_east_asian = 0x2E80;

bool is_letter(char32_t value) { return value != 0 && !is_space(value) && !is_punctuation(value); }

/// One walk over a paragraph from left to right. Each method below looks at what starts at `at_` and either
/// consumes it (true) or leaves it to be copied.
class Protector {
 public:
  Protector(std::string_view text, Placeholders& placeholders)
      : text_(text), placeholders_(placeholders), formulas_(text) {
    for (std::size_t at = text.find('`'); at < text.size(); at = text.find('`', at)) {
      const std::size_t length = run_length(at);
      backticks_[length].push_back(at);
      at += length;
    }
  }

  std::string run() {
    while (at_ < text_.size()) {
      const bool done = step();
      if (!done) out_.push_back(text_[at_++]);
    }
    return std::move(out_);
  }

 private:
  bool step() {
    switch (text_[at_]) {
      case '`': return code_span();
      case '\\': return formula() || escape();
      case '$': return formula();
      case '_': return dunder() || delimiters();
      case '*': return delimiters();
      case '[': return footnote();
      case '<': return comment();
      default: return false;
    }
  }

  std::size_t run_length(std::size_t at) const {
    return std::min(text_.find_first_not_of(text_[at], at), text_.size()) - at;
  }

  char char_at(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  void copy_to(std::size_t end) {
    out_.append(text_.substr(at_, end - at_));
    at_ = end;
  }

  bool code_span() {
    const std::size_t length = run_length(at_);
    std::size_t end = at_ + length;
    if (const auto same = backticks_.find(length); same != backticks_.end()) {
      const auto closing = std::ranges::lower_bound(same->second, end);
      if (closing != same->second.end()) end = *closing + length;
    }
    copy_to(end);
    return true;
  }

  bool escape() {
    const char next = char_at(at_ + 1);
    if (!is_punctuation(static_cast<unsigned char>(next))) return false;
    copy_to(at_ + 2);
    return true;
  }

  bool formula() {
    auto found = formulas_.at(at_);
    if (!found) return false;
    at_ += found->source.size();
    out_.append(placeholders_.add(std::move(*found)));
    return true;
  }

  /// Python's __name__, where what follows shows that it is not strong text.
  bool dunder() {
    if (run_length(at_) != 2 || is_ascii_alphanumeric(at_ == 0 ? ' ' : text_[at_ - 1])) return false;
    const std::size_t name = at_ + 2;
    std::size_t end = name;
    while (is_ascii_alphanumeric(char_at(end)) || (char_at(end) == '_' && char_at(end + 1) != '_')) ++end;
    if (end == name || char_at(end) != '_' || run_length(end) != 2) return false;
    const char next = char_at(end + 2);
    if (next != '(' && !(next == '.' && is_ascii_alphanumeric(char_at(end + 3)))) return false;
    append_literal('_', 2);
    at_ = name;
    copy_to(end);
    append_literal('_', 2);
    at_ = end + 2;
    return true;
  }

  bool delimiters() {
    const std::size_t length = run_length(at_);
    const std::size_t end = at_ + length;
    if (text_[at_] == '_') {
      copy_to(end);
      return true;
    }
    const char left = at_ == 0 ? '\0' : text_[at_ - 1];
    const char right = char_at(end);
    const bool product = length == 1 && is_ascii_alphanumeric(left) && is_ascii_alphanumeric(right);
    const bool power = length == 2 && is_ascii_digit(left) && is_ascii_digit(right);
    if (product || power) {
      append_literal('*', length);
      at_ = end;
      return true;
    }
    glued_delimiters(end);
    return true;
  }

  /// CommonMark lets a run of * with punctuation on one side and a letter on the other only open, or only
  /// close, as suits languages with spaces between words. Glue lets it do both.
  void glued_delimiters(std::size_t end) {
    const char32_t left = code_point_before(text_, at_).value;
    const char32_t right = code_point_at(text_, end).value;
    const bool east_asian = left >= first_east_asian || right >= first_east_asian;
    const bool may_close = is_punctuation(left) && !is_opening_punctuation(left) && is_letter(right);
    const bool may_open = is_letter(left) && is_opening_punctuation(right);
    if (east_asian && may_close) out_.append(Placeholders::glue());
    copy_to(end);
    if (east_asian && may_open) out_.append(Placeholders::glue());
  }

  bool footnote() {
    if (char_at(at_ + 1) != '^') return false;
    const std::size_t label = at_ + 2;
    std::size_t end = label;
    while (is_ascii_alphanumeric(char_at(end)) || char_at(end) == '-' || char_at(end) == '_') ++end;
    if (end == label || end - label > longest_footnote_label || char_at(end) != ']') return false;
    append_literal('[', 1);
    at_ = label;
    copy_to(end);
    append_literal(']', 1);
    at_ = end + 1;
    if (char_at(at_) == ':' && begins_line(label - 2)) ++at_;
    return true;
  }

  bool begins_line(std::size_t at) const {
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '>')) --at;
    return at == 0 || text_[at - 1] == '\n';
  }

  bool comment() {
    if (no_comment_end_ || !text_.substr(at_).starts_with("<!--")) return false;
    const std::size_t end = text_.find("-->", at_ + 4);
    no_comment_end_ = end == std::string_view::npos;
    if (no_comment_end_) return false;
    at_ = end + 3;
    return true;
  }

  void append_literal(char c, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out_.append(Placeholders::literal(c));
  }

  std::string_view text_;
  Placeholders& placeholders_;
  FormulaFinder formulas_;
  std::map<std::size_t, std::vector<std::size_t>> backticks_;  ///< where the runs of each length are
  bool no_comment_end_ = false;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string protect(std::string_view paragraph, Placeholders& placeholders) {
  return Protector{paragraph, placeholders}.run();
}

}  // namespace butler::render
