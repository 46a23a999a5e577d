#include "render/split.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "domain/enum_name.hpp"
#include "domain/utf8.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::size_t smallest_limit = 2;  // one code point

/// Places to cut, best first.
enum class Break : std::uint8_t { paragraph, line, sentence, word, none };
constexpr std::array breaks{Break::paragraph, Break::line, Break::sentence, Break::word};

/// How much of a message's room must be used, in quarters, for a break of the kind to be taken.
constexpr std::size_t least_quarters(Break kind) {
  return kind == Break::paragraph || kind == Break::word ? 1 : 2;
}

bool ends_sentence(char32_t value) {
  constexpr std::u32string_view marks = U".!?…。！？";
  return marks.contains(value);
}

bool is_east_asian_stop(char32_t value) { return value == U'。' || value == U'！' || value == U'？'; }

class Splitter {
 public:
  Splitter(const StyledText& content, std::size_t limit)
      : text_(content.text), spans_(content.spans), limit_(std::max(limit, smallest_limit)) {
    for (const Span& span : spans_) {
      if (span.style == Style::code || span.style == Style::pre) atoms_.push_back(&span);
    }
  }

  std::vector<Part> split() {
    std::vector<Part> parts;
    for (std::size_t begin = skip_whitespace(0); begin < text_.size();) {
      enter(begin);
      const std::size_t cut = find_cut(begin);
      if (auto part = make_part(begin, cut); !is_blank(part.text)) parts.push_back(std::move(part));
      begin = skip_whitespace(cut);
    }
    return parts;
  }

 private:
  /// A place found on the way, and how much room the text before it takes.
  struct Place {
    std::size_t at = 0;
    std::size_t units = 0;
  };

  /// The code or pre that `at` is inside of, or at the begin of. Asked in ascending order.
  const Span* atom_at(std::size_t at) {
    while (atom_ < atoms_.size() && atoms_[atom_]->end <= at) ++atom_;
    return atom_ < atoms_.size() && atoms_[atom_]->begin <= at ? atoms_[atom_] : nullptr;
  }

  void seek_atom(std::size_t at) {
    const auto found =
        std::ranges::lower_bound(atoms_, at + 1, {}, [](const Span* span) { return span->end; });
    atom_ = static_cast<std::size_t>(found - atoms_.begin());
  }

  /// Where the next part begins: lines of code keep their indent.
  std::size_t skip_whitespace(std::size_t at) {
    const std::size_t visible = std::min(text_.find_first_not_of(whitespace, at), text_.size());
    seek_atom(at);
    for (; at < visible; ++at) {
      const Span* const atom = atom_at(at);
      const bool in_visible_pre = atom != nullptr && atom->style == Style::pre && visible < atom->end;
      if (in_visible_pre && (atom->begin == at || text_[at] != '\n')) break;
    }
    return at;
  }

  /// Keeps `open_` as the spans that began before `begin` and go on, `next_` as the first that does not.
  void enter(std::size_t begin) {
    for (; next_ < spans_.size() && spans_[next_].begin < begin; ++next_) open_.push_back(&spans_[next_]);
    std::erase_if(open_, [=](const Span* span) { return span->end <= begin; });
  }

  Break break_at(std::size_t at) {
    const Span* const atom = atom_at(at);
    const bool inside = atom != nullptr && atom->begin < at;
    const char32_t before = code_point_before(text_, at).value;
    if (text_[at] == '\n') {
      if (inside) return Break::sentence;
      return text_.substr(at + 1).starts_with('\n') ? Break::paragraph : Break::line;
    }
    if (text_[at] == ' ') return !inside && ends_sentence(before) ? Break::sentence : Break::word;
    return !inside && is_east_asian_stop(before) ? Break::sentence : Break::none;
  }

  std::size_t find_cut(std::size_t begin) {
    seek_atom(begin);
    std::array<Place, breaks.size()> last{};
    std::size_t units = 0;
    std::size_t entities = open_.size();
    std::size_t span = next_;
    std::size_t at = begin;
    while (at < text_.size()) {
      const Break kind = at == begin ? Break::none : break_at(at);
      if (kind != Break::none) last[std::to_underlying(kind)] = {.at = at, .units = units};

      const std::size_t length = grapheme_length(text_, at, 4 * limit_);
      const std::size_t more = domain::count_utf16_units(text_.substr(at, length));
      for (; span < spans_.size() && spans_[span].begin < at + length; ++span) ++entities;
      if (units + more > limit_ || entities > most_entities) break;
      units += more;
      at += length;
    }
    if (at == text_.size()) return at;
    for (const Break kind : breaks) {
      const Place& place = last[std::to_underlying(kind)];
      if (place.at > begin && place.units * 4 >= units * least_quarters(kind)) return place.at;
    }
    return at > begin ? at : cut_in_grapheme(begin);
  }

  /// As many code points as there is room for.
  std::size_t cut_in_grapheme(std::size_t begin) const {
    std::size_t units = 0;
    std::size_t at = begin;
    while (at < text_.size()) {
      const CodePoint point = code_point_at(text_, at);
      units += point.value > 0xFFFF ? 2 : 1;
      if (units > limit_) break;
      at += point.length;
    }
    return at;
  }

  Part make_part(std::size_t begin, std::size_t end) const {
    while (end > begin && whitespace.contains(text_[end - 1])) --end;
    Part part{.text = std::string{text_.substr(begin, end - begin)}};
    const std::vector<std::size_t> units = count_units(part.text);
    const auto add = [&](const Span& span) {
      const std::size_t from = units[std::max(span.begin, begin) - begin];
      const std::size_t to = units[std::min(span.end, end) - begin];
      if (from == to || part.entities.size() == most_entities) return;
      Entity entity{.type = std::string{domain::enum_name(span.style)}, .offset = from, .length = to - from};
      (span.style == Style::text_link ? entity.url : entity.language) = span.attribute;
      part.entities.push_back(std::move(entity));
    };
    for (const Span* span : open_) add(*span);
    for (std::size_t i = next_; i < spans_.size() && spans_[i].begin < end; ++i) add(spans_[i]);
    return part;
  }

  /// UTF-16 units before each byte of the text, and in all of it.
  static std::vector<std::size_t> count_units(std::string_view text) {
    std::vector<std::size_t> units(text.size() + 1, 0);
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint point = code_point_at(text, at);
      for (std::size_t i = 0; i < point.length; ++i) units[at++] = count;
      count += point.value > 0xFFFF ? 2 : 1;
    }
    units[text.size()] = count;
    return units;
  }

  std::string_view text_;
  const std::vector<Span>& spans_;
  std::vector<const Span*> atoms_;
  std::size_t limit_;
  std::size_t atom_ = 0;
  std::size_t next_ = 0;
  std::vector<const Span*> open_;
};

}  // namespace

std::vector<Part> split(const StyledText& content, std::size_t limit) {
  return Splitter{content, limit}.split();
}

}  // namespace butler::render
