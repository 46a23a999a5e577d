#include "render/html.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "render/clean.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

struct StyleTag {
  std::string_view name;
  Style style;
};

constexpr std::array style_tags{
    StyleTag{"b", Style::bold},          StyleTag{"strong", Style::bold},
    StyleTag{"mark", Style::bold},       StyleTag{"summary", Style::bold},
    StyleTag{"i", Style::italic},        StyleTag{"em", Style::italic},
    StyleTag{"u", Style::underline},     StyleTag{"ins", Style::underline},
    StyleTag{"s", Style::strikethrough}, StyleTag{"del", Style::strikethrough},
    StyleTag{"code", Style::code},       StyleTag{"strike", Style::strikethrough},
    StyleTag{"kbd", Style::code},        StyleTag{"samp", Style::code},
    StyleTag{"tt", Style::code},         StyleTag{"tg-spoiler", Style::spoiler},
};

struct NamedEntity {
  std::string_view name;
  std::string_view text;
};

// The ones that are met in prose; HTML has two thousand.
constexpr std::array named_entities{
    NamedEntity{"amp", "&"},     NamedEntity{"lt", "<"},     NamedEntity{"gt", ">"},
    NamedEntity{"quot", "\""},   NamedEntity{"apos", "'"},   NamedEntity{"nbsp", " "},
    NamedEntity{"ensp", " "},    NamedEntity{"emsp", " "},   NamedEntity{"thinsp", " "},
    NamedEntity{"shy", ""},      NamedEntity{"zwj", ""},     NamedEntity{"zwnj", ""},
    NamedEntity{"copy", "©"},    NamedEntity{"reg", "®"},    NamedEntity{"trade", "™"},
    NamedEntity{"hellip", "…"},  NamedEntity{"mdash", "—"},  NamedEntity{"ndash", "–"},
    NamedEntity{"lsquo", "‘"},   NamedEntity{"rsquo", "’"},  NamedEntity{"sbquo", "‚"},
    NamedEntity{"ldquo", "“"},   NamedEntity{"rdquo", "”"},  NamedEntity{"bdquo", "„"},
    NamedEntity{"laquo", "«"},   NamedEntity{"raquo", "»"},  NamedEntity{"lsaquo", "‹"},
    NamedEntity{"rsaquo", "›"},  NamedEntity{"bull", "•"},   NamedEntity{"middot", "·"},
    NamedEntity{"sect", "§"},    NamedEntity{"para", "¶"},   NamedEntity{"deg", "°"},
    NamedEntity{"micro", "µ"},   NamedEntity{"plusmn", "±"}, NamedEntity{"times", "×"},
    NamedEntity{"divide", "÷"},  NamedEntity{"minus", "−"},  NamedEntity{"frac12", "½"},
    NamedEntity{"frac14", "¼"},  NamedEntity{"frac34", "¾"}, NamedEntity{"sup1", "¹"},
    NamedEntity{"sup2", "²"},    NamedEntity{"sup3", "³"},   NamedEntity{"le", "≤"},
    NamedEntity{"ge", "≥"},      NamedEntity{"ne", "≠"},     NamedEntity{"asymp", "≈"},
    NamedEntity{"equiv", "≡"},   NamedEntity{"infin", "∞"},  NamedEntity{"radic", "√"},
    NamedEntity{"sum", "∑"},     NamedEntity{"prod", "∏"},   NamedEntity{"int", "∫"},
    NamedEntity{"part", "∂"},    NamedEntity{"isin", "∈"},   NamedEntity{"larr", "←"},
    NamedEntity{"rarr", "→"},    NamedEntity{"uarr", "↑"},   NamedEntity{"darr", "↓"},
    NamedEntity{"harr", "↔"},    NamedEntity{"lArr", "⇐"},   NamedEntity{"rArr", "⇒"},
    NamedEntity{"hArr", "⇔"},    NamedEntity{"cent", "¢"},   NamedEntity{"pound", "£"},
    NamedEntity{"yen", "¥"},     NamedEntity{"euro", "€"},   NamedEntity{"alpha", "α"},
    NamedEntity{"beta", "β"},    NamedEntity{"gamma", "γ"},  NamedEntity{"delta", "δ"},
    NamedEntity{"epsilon", "ε"}, NamedEntity{"lambda", "λ"}, NamedEntity{"mu", "μ"},
    NamedEntity{"pi", "π"},      NamedEntity{"sigma", "σ"},  NamedEntity{"omega", "ω"},
    NamedEntity{"Delta", "Δ"},   NamedEntity{"Omega", "Ω"},  NamedEntity{"agrave", "à"},
    NamedEntity{"aacute", "á"},  NamedEntity{"acirc", "â"},  NamedEntity{"auml", "ä"},
    NamedEntity{"ccedil", "ç"},  NamedEntity{"egrave", "è"}, NamedEntity{"eacute", "é"},
    NamedEntity{"ecirc", "ê"},   NamedEntity{"iacute", "í"}, NamedEntity{"ntilde", "ñ"},
    NamedEntity{"oacute", "ó"},  NamedEntity{"ouml", "ö"},   NamedEntity{"uacute", "ú"},
    NamedEntity{"uuml", "ü"},    NamedEntity{"szlig", "ß"},  NamedEntity{"Auml", "Ä"},
    NamedEntity{"Ouml", "Ö"},    NamedEntity{"Uuml", "Ü"},   NamedEntity{"check", "✓"},
    NamedEntity{"star", "☆"},
};

/// The value of an attribute in "a href='x' title=y"; empty when it is not there.
std::string_view attribute_value(std::string_view attributes, std::string_view name) {
  const std::string lower = to_ascii_lower(attributes);
  std::size_t at = lower.find(std::string{" "}.append(name));
  if (at == std::string_view::npos) return {};
  at = attributes.find_first_not_of(" \n", at + 1 + name.size());
  if (at == std::string_view::npos || attributes[at] != '=') return {};
  at = attributes.find_first_not_of(" \n", at + 1);
  if (at == std::string_view::npos) return {};
  const char quote = attributes[at];
  if (quote == '"' || quote == '\'')
    return attributes.substr(at + 1, attributes.find(quote, at + 1) - at - 1);
  return attributes.substr(at, attributes.find_first_of(" \n", at) - at);
}

std::optional<TagRole> role_of(std::string_view name) {
  if (name == "br") return TagRole::line_break;
  if (name == "details") return TagRole::invisible;
  if (name == "a") return TagRole::link;
  return std::nullopt;
}

char32_t parse_number(std::string_view digits) {
  const bool hexadecimal = digits.starts_with('x') || digits.starts_with('X');
  if (hexadecimal) digits.remove_prefix(1);
  std::uint32_t value = 0;
  const auto [after, error] = std::from_chars(digits.begin(), digits.end(), value, hexadecimal ? 16 : 10);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (error != std::errc{} || after != digits.end() || value == 0 || value > 0x10FFFF || surrogate)
    return 0xFFFD;
  return value;
}

}  // namespace

std::optional<Tag> parse_tag(std::string_view source) {
  if (source.starts_with("<!--")) return Tag{.role = TagRole::invisible, .name = "!--"};
  if (source.size() < 3 || source.front() != '<' || source.back() != '>') return std::nullopt;
  std::string_view body = source.substr(1, source.size() - 2);
  Tag tag;
  if (body.starts_with('/')) {
    tag.kind = TagKind::close;
    body.remove_prefix(1);
  }
  if (body.ends_with('/')) body.remove_suffix(1);
  const std::size_t name_end = std::min(body.find_first_of(" \t\n"), body.size());
  tag.name = to_ascii_lower(body.substr(0, name_end));

  const auto style = std::ranges::find(style_tags, tag.name, &StyleTag::name);
  if (style != style_tags.end()) {
    tag.style = style->style;
    return tag;
  }
  const auto role = role_of(tag.name);
  if (!role) return std::nullopt;
  tag.role = *role;
  if (tag.role == TagRole::link) tag.url = attribute_value(body.substr(name_end), "href");
  return tag;
}

std::string decode_entity(std::string_view source) {
  if (source.size() < 3) return std::string{source};
  const std::string_view name = source.substr(1, source.size() - 2);
  if (name.starts_with('#')) {
    std::string text;
    append_code_point(text, parse_number(name.substr(1)));
    return clean(text);
  }
  const auto found = std::ranges::find(named_entities, name, &NamedEntity::name);
  return std::string{found == named_entities.end() ? source : found->text};
}

}  // namespace butler::render
