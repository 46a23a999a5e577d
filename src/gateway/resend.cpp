#include "gateway/resend.hpp"

#include <utility>

#include "domain/utf8.hpp"
#include "gateway/wording.hpp"
#include "json/value.hpp"
#include "render/render.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

namespace {

json::Object parsed(const std::string& payload) { return json::parse(payload).value().as_object(); }

std::string text_of(const json::Object& payload) { return std::string{json::find_string(payload, "text")}; }

}  // namespace

std::string without_entities(const std::string& payload) {
  json::Object plain = parsed(payload);
  plain.erase("entities");
  return json::serialize(plain);
}

std::string without_reply(const std::string& payload) {
  json::Object message = parsed(payload);
  message.erase("reply_parameters");
  return json::serialize(message);
}

std::string outside_of_topic(wording::Language language, const std::string& payload) {
  json::Object marked = parsed(payload);
  const std::string mark = wording::topic_gone_mark(language);
  const std::string text = mark + text_of(marked);
  if (!marked.contains("text") || domain::count_utf16_units(text) > render::message_limit) return payload;
  marked["text"] = text;
  const auto shift = static_cast<std::int64_t>(domain::count_utf16_units(mark));
  if (auto* entities = marked.if_contains("entities")) {
    for (auto& entity : entities->as_array()) {
      entity.as_object()["offset"] = json::find_integer(entity, "offset") + shift;
    }
  }
  return json::serialize(marked);
}

std::string as_document(wording::Language language, const std::string& payload) {
  const json::Object message = parsed(payload);
  json::Object document =
      telegram::document_payload("message.txt", text_of(message), wording::unfit_text_caption(language));
  for (const char* kept : {"reply_parameters", "disable_notification", "reply_markup"}) {
    if (const auto* value = message.if_contains(kept)) document[kept] = *value;
  }
  return json::serialize(document);
}

}  // namespace butler::gateway
