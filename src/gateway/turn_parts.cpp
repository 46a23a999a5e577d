#include "gateway/turn_parts.hpp"

#include <optional>
#include <variant>

#include "domain/chat_command.hpp"
#include "gateway/address.hpp"
#include "gateway/quotation.hpp"

namespace butler::gateway {

namespace {

const std::string& words_of_part(const telegram::Message& message) {
  return message.content == telegram::Content::media ? message.caption : message.text;
}

/// The request in an edited message, or nullopt when it has become another command.
std::optional<std::string> request_in(PartForm form, const telegram::Message& edited,
                                      const telegram::Bot& bot) {
  const auto said = understand(edited, bot);
  if (!said) {
    // The mention may have gone with the edit: the message was ours before.
    const auto plain = domain::parse_chat_text(words_of_part(edited), bot.username);
    if (!plain || plain->is_command) return std::nullopt;
    return words_of_part(edited);
  }
  if (const auto* fresh = std::get_if<domain::NewCommand>(&said->command)) {
    if (form == PartForm::fresh) return fresh->prompt;
    return std::nullopt;
  }
  const auto* task = std::get_if<domain::TaskCommand>(&said->command);
  if (task == nullptr) return std::nullopt;
  return task->text;
}

}  // namespace

std::string prompt_of(const std::vector<TurnPart>& parts) {
  std::string prompt;
  for (const TurnPart& part : parts) append(prompt, part);
  return prompt;
}

void append(std::string& prompt, const TurnPart& part) {
  if (!prompt.empty() && !part.text.empty()) prompt.append(part.joint);
  prompt.append(part.text);
}

std::expected<std::string, EditRefusal> edited_text(const TurnPart& before, const telegram::Message& edited,
                                                    const telegram::Bot& bot, std::size_t limit) {
  if (before.form == PartForm::command) return std::unexpected(EditRefusal::is_command);
  if (before.form == PartForm::rest) return words_of_part(edited);
  const auto request = request_in(before.form, edited, bot);
  if (!request) return std::unexpected(EditRefusal::now_command);
  const std::string text = with_quotation(*request, edited, bot.id, limit);
  const bool is_file = edited.content == telegram::Content::media;
  if (text.empty() && !is_file) return std::unexpected(EditRefusal::now_empty);
  return text;
}

}  // namespace butler::gateway
