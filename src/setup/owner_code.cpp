#include "setup/owner_code.hpp"

#include <openssl/crypto.h>

#include <variant>

#include "domain/chat_command.hpp"

namespace butler::setup {

namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t code_length = 10;

/// As it was meant: lower case, without dashes, 0 for o and 1 for i and l.
std::string normal_form(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') continue;
    code.push_back(c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c);
  }
  return code;
}

bool same_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// A person who speaks for themselves in a chat with the bot alone.
bool is_a_person_alone_with_us(const telegram::Message& message) {
  const bool themselves = !message.sender_chat && !message.via_bot && !message.foreign_chat &&
                          !message.automatic_forward && !message.forwarded;
  return themselves && message.from && !message.from->is_bot &&
         message.chat_type == telegram::ChatType::private_chat && message.chat_id == message.from->id;
}

}  // namespace

OwnerCode::OwnerCode(const Random& random, domain::Timestamp expires) : expires_(expires) {
  std::uint64_t bits = 0;
  for (const auto byte : random) bits = (bits << 8U) | byte;
  for (std::size_t at = 0; at < code_length; ++at) {
    text_.push_back(alphabet[bits & 31U]);
    bits >>= 5U;
  }
}

std::optional<Owner> OwnerCode::present(const telegram::Update& update, std::string_view bot_name,
                                        domain::Timestamp now) {
  if (used_ || now >= expires_ || !update.message || !is_a_person_alone_with_us(*update.message))
    return std::nullopt;
  const auto said = domain::parse_chat_text(update.message->text, bot_name);
  const auto* const start = said ? std::get_if<domain::StartCommand>(&said->command) : nullptr;
  if (start == nullptr || !same_in_constant_time(normal_form(start->payload), text_)) return std::nullopt;
  used_ = true;
  return Owner{.id = update.message->from->id, .name = update.message->from->first_name};
}

}  // namespace butler::setup
