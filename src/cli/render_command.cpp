#include "cli/render_command.hpp"

#include <istream>
#include <iterator>
#include <ostream>
#include <string>

#include "cli/exit_code.hpp"
#include "json/value.hpp"
#include "render/render.hpp"

namespace butler::cli {

namespace {

json::Object to_json(const render::Entity& entity) {
  json::Object object{{"type", entity.type}, {"offset", entity.offset}, {"length", entity.length}};
  if (!entity.url.empty()) object["url"] = entity.url;
  if (!entity.language.empty()) object["language"] = entity.language;
  return object;
}

}  // namespace

int render_messages(std::istream& in, std::size_t limit, std::ostream& out) {
  const std::string markdown{std::istreambuf_iterator<char>{in}, {}};
  json::Array parts;
  for (const auto& part : render::render_markdown(markdown, limit)) {
    json::Array entities;
    for (const auto& entity : part.entities) entities.push_back(to_json(entity));
    parts.push_back(json::Object{{"text", part.text}, {"entities", std::move(entities)}});
  }
  out << json::serialize(json::Object{{"parts", std::move(parts)}}) << '\n';
  return exit_ok;
}

}  // namespace butler::cli
