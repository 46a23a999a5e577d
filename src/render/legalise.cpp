#include "render/legalise.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

namespace butler::render {

namespace {

using Spans = std::vector<Span>;

bool is_quote(Style style) { return style == Style::blockquote || style == Style::expandable_blockquote; }
bool is_atom(Style style) { return style == Style::code || style == Style::pre; }

/// Sorts before: what begins earlier, then what is longer, then what is the outer style by custom.
bool comes_before(const Span& a, const Span& b) {
  return std::tuple{a.begin, b.end, a.style} < std::tuple{b.begin, a.end, b.style};
}

bool is_blank_span(std::string_view text, const Span& span) {
  return text.substr(span.begin, span.size()).find_first_not_of(whitespace) == std::string_view::npos;
}

/// Spans of one style: those that touch become one where they are alike, of others the later gives way.
Spans united(Spans spans) {
  std::ranges::sort(spans, comes_before);
  Spans result;
  for (Span& span : spans) {
    if (result.empty() || span.begin > result.back().end) {
      result.push_back(std::move(span));
      continue;
    }
    Span& last = result.back();
    const bool alike = span.attribute == last.attribute && !is_atom(span.style);
    if (alike) {
      last.end = std::max(last.end, span.end);
    } else if (span.end > last.end) {
      span.begin = last.end;
      result.push_back(std::move(span));
    }
  }
  return result;
}

/// What is left of `spans` outside of `holes`. Both are sorted and have no overlaps among themselves.
Spans without(const Spans& spans, const Spans& holes) {
  Spans result;
  auto hole = holes.begin();
  for (const Span& span : spans) {
    while (hole != holes.end() && hole->end <= span.begin) ++hole;
    Span rest = span;
    for (auto next = hole; next != holes.end() && next->begin < span.end; ++next) {
      if (next->begin > rest.begin) {
        result.push_back(rest);
        result.back().end = next->begin;
      }
      rest.begin = next->end;
    }
    if (rest.begin < rest.end) result.push_back(std::move(rest));
  }
  return result;
}

Spans only(const Spans& spans, auto wanted) {
  Spans found;
  std::ranges::copy_if(spans, std::back_inserter(found),
                       [&](const Span& span) { return wanted(span.style); });
  return found;
}

void append(Spans& all, const Spans& more) { all.insert(all.end(), more.begin(), more.end()); }

/// Cuts spans that overlap by half at the end of the outer one.
Spans nested(const Spans& spans) {
  const auto comes_after = [](const Span& a, const Span& b) { return comes_before(b, a); };
  std::priority_queue<Span, Spans, decltype(comes_after)> waiting{comes_after, spans};
  Spans result;
  std::vector<std::size_t> open_ends;
  while (!waiting.empty()) {
    Span span = waiting.top();
    waiting.pop();
    while (!open_ends.empty() && open_ends.back() <= span.begin) open_ends.pop_back();
    if (!open_ends.empty() && span.end > open_ends.back()) {
      Span rest = span;
      rest.begin = span.end = open_ends.back();
      waiting.push(std::move(rest));
    }
    open_ends.push_back(span.end);
    result.push_back(std::move(span));
  }
  return result;
}

}  // namespace

StyledText legalise(StyledText content) {
  Spans& spans = content.spans;
  const std::string_view text = content.text;
  std::erase_if(spans, [&](const Span& span) { return is_blank_span(text, span); });

  const Spans pre = united(only(spans, [](Style style) { return style == Style::pre; }));
  const Spans links =
      without(united(only(spans, [](Style style) { return style == Style::text_link; })), pre);
  Spans code = united(only(spans, [](Style style) { return style == Style::code; }));
  code = without(without(code, pre), links);
  Spans atoms = code;
  append(atoms, pre);
  std::ranges::sort(atoms, comes_before);

  Spans all = only(spans, is_quote);
  append(all, links);
  append(all, atoms);
  for (const Style style :
       {Style::bold, Style::italic, Style::underline, Style::strikethrough, Style::spoiler}) {
    append(all, without(united(only(spans, [=](Style other) { return other == style; })), atoms));
  }
  for (Span& span : all) {
    if (!is_quote(span.style) && !is_atom(span.style)) trim(text, span.begin, span.end);
  }
  std::erase_if(all, [&](const Span& span) { return is_blank_span(text, span); });

  spans = nested(all);
  std::ranges::sort(spans, comes_before);
  return content;
}

}  // namespace butler::render
