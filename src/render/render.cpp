#include "render/render.hpp"

#include "render/clean.hpp"
#include "render/document.hpp"
#include "render/legalise.hpp"
#include "render/normalise.hpp"
#include "render/placeholder.hpp"
#include "render/split.hpp"

namespace butler::render {

std::vector<Part> render_markdown(std::string_view markdown, std::size_t limit) {
  Placeholders placeholders;
  const std::string normalised = normalise(clean(markdown), placeholders);
  return split(legalise(lay_out(normalised, placeholders)), limit);
}

std::vector<Part> render_plain(std::string_view text, std::size_t limit) {
  return split({.text = expand_tabs(clean(text))}, limit);
}

}  // namespace butler::render
