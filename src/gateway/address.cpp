#include "gateway/address.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "domain/utf8.hpp"
#include "gateway/access.hpp"

namespace butler::gateway {

namespace {

using domain::ChatText;
using telegram::Entity;

constexpr std::string_view white_space = " \t\r\n\v\f";

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Bytes [begin, end) of a text.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::optional<Stretch> stretch_of(std::string_view text, const Entity& entity) {
  if (entity.offset < 0 || entity.length <= 0) return std::nullopt;
  const auto begin = domain::byte_after_utf16_units(text, static_cast<std::size_t>(entity.offset));
  if (!begin) return std::nullopt;
  const auto length =
      domain::byte_after_utf16_units(text.substr(*begin), static_cast<std::size_t>(entity.length));
  if (!length) return std::nullopt;
  return Stretch{*begin, *begin + *length};
}

bool means_bot(std::string_view marked, const Entity& entity, const telegram::Bot& bot) {
  if (entity.type == "text_mention") return entity.user_id == bot.id;
  return entity.type == "mention" && equal_in_any_case(marked, "@" + bot.username);
}

/// Where the bot is mentioned, from left to right.
std::vector<Stretch> mentions(std::string_view text, const std::vector<Entity>& entities,
                              const telegram::Bot& bot) {
  std::vector<Stretch> found;
  for (const Entity& entity : entities) {
    const auto stretch = stretch_of(text, entity);
    if (!stretch) continue;
    const auto marked = text.substr(stretch->begin, stretch->end - stretch->begin);
    const bool overlaps = !found.empty() && stretch->begin < found.back().end;
    if (means_bot(marked, entity, bot) && !overlaps) found.push_back(*stretch);
  }
  return found;
}

/// The text without the mentions, and without the blank or comma that went with them.
std::string without(std::string_view text, const std::vector<Stretch>& mentions) {
  std::string left;
  std::size_t from = 0;
  const auto add = [&](std::string_view piece) {
    const bool first = left.find_first_not_of(white_space) == std::string::npos;
    if (from > 0 && first) {
      const auto word = piece.find_first_not_of(" \t\r\n\v\f,:;");
      piece.remove_prefix(std::min(word, piece.size()));
    } else if (from > 0 && !piece.empty() && white_space.contains(left.back()) &&
               white_space.contains(piece.front())) {
      piece.remove_prefix(1);
    }
    left.append(piece);
  };
  for (const Stretch& mention : mentions) {
    add(text.substr(from, mention.begin - from));
    from = mention.end;
  }
  add(text.substr(from));
  return left;
}

bool replies_to(const telegram::Message& message, const telegram::Bot& bot) {
  // A message in a topic "replies" to the service message that opened the topic, which may be the bot's.
  return message.reply_to && message.reply_to->from && message.reply_to->from->id == bot.id &&
         message.reply_to->content != telegram::Content::service;
}

}  // namespace

std::expected<ChatText, std::string_view> understand(const telegram::Message& message,
                                                     const telegram::Bot& bot) {
  const std::string& words = message.content == telegram::Content::media ? message.caption : message.text;
  auto as_written = domain::parse_chat_text(words, bot.username);
  if (!as_written) return std::unexpected("a command for another bot");
  if (place_of(message) == domain::Place::private_chat) return *std::move(as_written);

  const auto mentioned = mentions(words, message.entities, bot);
  const bool addressed = !mentioned.empty() || replies_to(message, bot);
  if (as_written->is_command) {
    const bool unknown = std::holds_alternative<domain::UnknownCommand>(as_written->command);
    if (unknown && !as_written->names_bot && !addressed) return std::unexpected("not for us");
    return *std::move(as_written);
  }
  if (!addressed) return std::unexpected("not for us");
  auto said = domain::parse_chat_text(without(words, mentioned), bot.username);
  if (!said) return std::unexpected("a command for another bot");
  return *std::move(said);
}

}  // namespace butler::gateway
