#include "cli/render_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>
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

void add_render_command(CLI::App& app, Action& chosen) {
  const auto limit = std::make_shared<std::size_t>(render::message_limit);
  add_command(app, "render", "Read Markdown, print the Telegram messages it becomes, as JSON.", chosen,
              [limit] { return render_messages(std::cin, *limit, std::cout); })
      ->add_option("--limit", *limit, "UTF-16 units a message may take.")
      ->check(CLI::Range(std::size_t{2}, std::size_t{1'000'000}));
}

}  // namespace butler::cli
