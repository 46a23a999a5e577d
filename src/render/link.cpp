#include "render/link.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::size_t longest_url_bytes = 2048;

/// "https" of "https://e.org"; empty when there is no scheme.
std::string_view scheme_of(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = url.substr(0, colon);
  const bool valid = std::ranges::all_of(
      scheme, [](char c) { return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
  return valid && is_ascii_letter(scheme[0]) ? scheme : std::string_view{};
}

bool has_public_host(std::string_view after_scheme) {
  if (!after_scheme.starts_with("//")) return false;
  std::string_view host = after_scheme.substr(2);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < host.size();
}

std::string with_escaped_spaces(std::string_view url) {
  std::string escaped;
  for (const char c : url) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    space ? escaped.append("%20") : escaped.append(1, c);
  }
  return escaped;
}

}  // namespace

Link classify_link(std::string_view url) {
  if (url.empty() || url.starts_with('#') || url.size() > longest_url_bytes) return {};
  const std::string scheme = to_ascii_lower(scheme_of(url));
  constexpr std::array<std::string_view, 3> scripts{"javascript", "data", "vbscript"};
  if (std::ranges::find(scripts, scheme) != scripts.end()) return {};

  const std::string_view rest = scheme.empty() ? url : url.substr(scheme.size() + 1);
  const bool web = (scheme == "http" || scheme == "https") && has_public_host(rest);
  const bool telegram = (scheme == "tg" || scheme == "ton" || scheme == "tonsite") && rest.size() > 2;
  if (web || telegram) return {.kind = LinkKind::entity, .address = with_escaped_spaces(url)};
  return {.kind = LinkKind::text, .address = std::string{scheme == "mailto" ? rest : url}};
}

bool shows_address(std::string_view text, std::string_view url) {
  if (text == url) return true;
  for (const std::string_view prefix : {"http://", "https://", "mailto:"}) {
    if (url.starts_with(prefix) && url.substr(prefix.size()) == text) return true;
  }
  return false;
}

}  // namespace butler::render
