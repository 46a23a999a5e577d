#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/bot_api.hpp"
#include "telegram/update.hpp"

/// What the messages of a turn have given to its prompt, so that one of them can be changed. Pure.
namespace butler::gateway {

/// How a message was understood; an edited one is understood in the same way.
enum class PartForm : std::uint8_t {
  said,     ///< a plain text, /task, or what stands under a file
  fresh,    ///< the request behind /new
  rest,     ///< a piece of a text that the client has cut: taken as it is
  command,  ///< a /run, which is never changed afterwards
};

/// A message of a turn.
struct TurnPart {
  std::int64_t message_id = 0;
  PartForm form = PartForm::said;
  std::string joint = {};  ///< what stands between it and what came before it
  std::string text = {};   ///< what it gave to the prompt; "" for a file without words

  bool operator==(const TurnPart&) const = default;
};

/// The prompt of a turn: what its messages say, in their order.
std::string prompt_of(const std::vector<TurnPart>& parts);

/// The prompt with one more message behind it.
void append(std::string& prompt, const TurnPart& part);

/// Between messages that are one request, and yet each its own.
inline constexpr std::string_view between_messages = "\n\n";

/// Why an edited message cannot take the place of the one that it was.
enum class EditRefusal : std::uint8_t {
  is_command,   ///< it was a /run
  now_command,  ///< it has become a command
  now_empty,    ///< it says nothing any more
};

/// What an edited message gives to the prompt, as long as the message before it: with its quotation, at most
/// `limit` characters of it.
std::expected<std::string, EditRefusal> edited_text(const TurnPart& before, const telegram::Message& edited,
                                                    const telegram::Bot& bot, std::size_t limit);

}  // namespace butler::gateway
