#include "mcp_wrappers/edit.hpp"

#include <algorithm>

#include "mcp_wrappers/servers.hpp"

namespace butler::mcp_wrappers {

namespace {

void write_indented(const json::Value& value, std::size_t depth, std::string& text) {
  const std::string inner((depth + 1) * 2, ' ');
  const std::string outer(depth * 2, ' ');
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    text += '{';
    for (bool first = true; const auto& member : *object) {
      text += (first ? "\n" : ",\n") + inner + json::serialize(json::Value(member.key())) + ": ";
      write_indented(member.value(), depth + 1, text);
      first = false;
    }
    text += '\n' + outer + '}';
  } else if (const auto* array = value.if_array();
             array != nullptr &&
             std::ranges::any_of(*array, [](const auto& item) { return item.is_structured(); })) {
    text += '[';
    for (bool first = true; const auto& item : *array) {
      text += (first ? "\n" : ",\n") + inner;
      write_indented(item, depth + 1, text);
      first = false;
    }
    text += '\n' + outer + ']';
  } else {
    text += json::serialize(value);
  }
}

/// The two files as values: what is needed of them is there, and the rest may be anything.
struct Values {
  json::Value manifest;
  json::Value servers;

  json::Array& targets() { return manifest.as_object().at("targets").as_array(); }
  json::Object& entries() { return servers.as_object().at("mcpServers").as_object(); }
  Texts texts() const { return {.manifest = indented(manifest), .servers = indented(servers)}; }
};

std::expected<Values, std::string> read_values(const Texts& texts) {
  auto manifest = json::parse(texts.manifest);
  if (!manifest) return std::unexpected("mcp-clis.json: " + manifest.error());
  auto servers = json::parse(texts.servers);
  if (!servers) return std::unexpected("mcporter.json: " + servers.error());
  const auto* targets = json::find(*manifest, "targets");
  if (targets == nullptr || !targets->is_array())
    return std::unexpected("mcp-clis.json: expected the member \"targets\", a list");
  const auto* entries = json::find(*servers, "mcpServers");
  if (entries == nullptr || !entries->is_object())
    return std::unexpected("mcporter.json: expected the member \"mcpServers\", an object");
  return Values{.manifest = *std::move(manifest), .servers = *std::move(servers)};
}

/// What is added is read like what a person has written.
std::expected<void, std::string> check_addition(const json::Object& target, const json::Object& server) {
  const json::Object manifest{{"targets", json::Array{target}}};
  if (auto right = parse_manifest(json::serialize(manifest)); !right) return std::unexpected(right.error());
  const json::Object servers{{"mcpServers", json::Object{{"new", server}}}, {"imports", json::Array{}}};
  if (auto right = parse_servers(json::serialize(servers)); !right) return std::unexpected(right.error());
  return {};
}

}  // namespace

std::string indented(const json::Value& value) {
  std::string text;
  write_indented(value, 0, text);
  return text + '\n';
}

Texts empty_texts() {
  return {.manifest = indented(json::Object{{"targets", json::Array{}}}),
          .servers = indented(json::Object{{"mcpServers", json::Object{}}, {"imports", json::Array{}}})};
}

std::expected<Texts, std::string> add_entry(const Texts& before, const Target& target,
                                            const json::Object& definition) {
  auto values = read_values(before);
  if (!values) return std::unexpected(values.error());
  const auto has_name = [&](const json::Value& one) { return json::find_string(one, "name") == target.name; };
  if (std::ranges::any_of(values->targets(), has_name) || values->entries().contains(target.selector))
    return std::unexpected("\"" + target.name + "\" is there already: `butler mcp remove " + target.name +
                           "` first, or edit the files");
  json::Object entry{{"name", target.name}, {"selector", target.selector}};
  if (!target.emit_types) entry["emitTypes"] = false;
  if (target.timeout != Target{}.timeout) entry["timeoutMs"] = target.timeout.count();
  if (auto right = check_addition(entry, definition); !right) return std::unexpected(right.error());
  values->targets().emplace_back(std::move(entry));
  values->entries()[target.selector] = definition;
  return values->texts();
}

std::expected<Texts, std::string> remove_entry(const Texts& before, const std::string& name) {
  auto values = read_values(before);
  if (!values) return std::unexpected(values.error());
  auto& targets = values->targets();
  const auto found = std::ranges::find_if(
      targets, [&](const json::Value& one) { return json::find_string(one, "name") == name; });
  if (found == targets.end())
    return std::unexpected("there is no target \"" + name + "\"; `butler mcp list` shows them");
  const std::string selector{json::find_string(*found, "selector")};
  targets.erase(found);
  const bool used = std::ranges::any_of(
      targets, [&](const json::Value& one) { return json::find_string(one, "selector") == selector; });
  if (!used) values->entries().stable_erase(selector);
  return values->texts();
}

}  // namespace butler::mcp_wrappers
