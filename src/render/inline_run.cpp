#include "render/inline_run.hpp"

#include <algorithm>
#include <utility>

#include "render/link.hpp"

namespace butler::render {

namespace {

/// How far back the partner of a closing tag may be: keeps matching linear.
constexpr std::size_t deepest_tags = 16;

}  // namespace

void InlineRun::text(std::string_view text) {
  if (items_.empty() || items_.back().kind != Kind::text) items_.push_back({.kind = Kind::text});
  items_.back().text.append(text);
}

void InlineRun::html(std::string_view source) {
  auto tag = parse_tag(source);
  if (!tag) return text(source);
  if (tag->role == TagRole::invisible) return;
  if (tag->role == TagRole::line_break) return text("\n");
  items_.push_back({.kind = tag->kind == TagKind::open ? Kind::tag_open : Kind::tag_close,
                    .text = std::string{source},
                    .style = tag->style,
                    .url = std::move(tag->url),
                    .tag = std::move(tag->name)});
}

void InlineRun::open_style(Style style) {
  items_.push_back({.kind = Kind::style, .style = style});
  ++depth_;
}

void InlineRun::open_link(std::string url) {
  items_.push_back({.kind = Kind::link, .url = std::move(url)});
  ++depth_;
}

void InlineRun::open_image(std::string url) {
  items_.push_back({.kind = Kind::image, .url = std::move(url)});
  ++depth_;
}

void InlineRun::close() {
  items_.push_back({.kind = Kind::end});
  --depth_;
}

/// Pairs opening and closing tags so that they nest with each other and with the Markdown spans.
void InlineRun::match_tags() {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Kind kind = items_[i].kind;
    if (kind == Kind::end) {
      while (!open.empty() && items_[open.back()].kind == Kind::tag_open) open.pop_back();
      if (!open.empty()) open.pop_back();
    } else if (kind == Kind::tag_close) {
      for (std::size_t back = 1; back <= std::min(open.size(), deepest_tags); ++back) {
        Item& candidate = items_[open[open.size() - back]];
        if (candidate.kind != Kind::tag_open) break;
        if (candidate.tag != items_[i].tag) continue;
        candidate.matched = items_[i].matched = true;
        open.resize(open.size() - back);
        break;
      }
    } else if (kind != Kind::text) {
      open.push_back(i);
    }
  }
}

/// Writes matched items as text and spans.
class InlineRun::Emitter {
 public:
  void item(Item& item) {
    switch (item.kind) {
      case Kind::text: out_.text.append(item.text); return;
      case Kind::tag_open: item.matched ? open(item) : literal(item); return;
      case Kind::tag_close: item.matched ? close() : literal(item); return;
      case Kind::end: close(); return;
      case Kind::style:
      case Kind::link:
      case Kind::image: open(item); return;
    }
  }

  StyledText finish() { return trimmed(std::move(out_)); }

 private:
  struct Open {
    Item* item;
    std::size_t begin;
    bool outermost_link;
  };

  static bool is_link(const Item& item) {
    return item.kind == Kind::link || item.kind == Kind::image || item.tag == "a";
  }

  void literal(const Item& item) { out_.text.append(item.text); }

  void open(Item& item) {
    const bool link = is_link(item);
    open_.push_back({.item = &item, .begin = out_.text.size(), .outermost_link = link && links_ == 0});
    if (link) ++links_;
    if (item.kind == Kind::image) out_.text.append("🖼 ");
  }

  void close() {
    if (open_.empty()) return;
    const Open last = open_.back();
    open_.pop_back();
    if (is_link(*last.item)) {
      --links_;
      if (last.outermost_link) close_link(last);
      return;
    }
    add_span({.style = last.item->style, .begin = last.begin, .end = out_.text.size()});
    if (last.item->tag == "summary") out_.text.push_back('\n');
  }

  void close_link(const Open& opened) {
    Link link = classify_link(opened.item->url);
    const std::string_view shown = std::string_view{out_.text}.substr(opened.begin);
    if (link.kind == LinkKind::none || shows_address(shown, opened.item->url)) return;
    if (shown.empty()) {
      out_.text.append(link.address);
    } else if (link.kind == LinkKind::entity) {
      add_span({.style = Style::text_link,
                .begin = opened.begin,
                .end = out_.text.size(),
                .attribute = std::move(link.address)});
    } else if (shown != link.address) {
      out_.text.append(" (").append(link.address).push_back(')');
    }
  }

  void add_span(Span span) {
    if (span.size() > 0) out_.spans.push_back(std::move(span));
  }

  StyledText out_;
  std::vector<Open> open_;
  std::size_t links_ = 0;
};

StyledText InlineRun::finish() {
  match_tags();
  Emitter emitter;
  for (Item& item : items_) emitter.item(item);
  items_.clear();
  depth_ = 0;
  return emitter.finish();
}

}  // namespace butler::render
