#include "gateway/quotation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/utf8.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t longest_quotation = 1'000;
constexpr std::size_t longest_quoted_name = 64;
constexpr std::size_t least_worth_quoting = 20;

std::string one_line(std::string_view name) {
  std::string line = domain::shorten(name, longest_quoted_name);
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' '; }, ' ');
  return line;
}

/// Who said what is quoted, as the asker would put it.
std::string whose(const telegram::Message& message, std::int64_t bot_id) {
  if (!message.reply_to || !message.reply_to->from) return "a message in this chat";
  const telegram::Person& author = *message.reply_to->from;
  if (author.id == bot_id) return "your message";
  if (message.from && author.id == message.from->id) return "my own message";
  return author.first_name.empty() ? "somebody's message" : "a message of " + one_line(author.first_name);
}

std::string marked(std::string_view text) {
  std::string quoted = "> ";
  for (const char c : text) {
    quoted.push_back(c);
    if (c == '\n') quoted.append("> ");
  }
  return quoted;
}

/// Marking lengthens a text by its lines, so the text is cut until all of it fits.
std::string shortened_to(std::string_view text, std::size_t room) {
  std::size_t allowed = std::min(longest_quotation, room);
  std::string quoted = marked(domain::shorten(text, allowed));
  while (domain::count_code_points(quoted) > room && allowed > least_worth_quoting) {
    allowed = allowed * 3 / 4;
    quoted = marked(domain::shorten(text, allowed));
  }
  return domain::count_code_points(quoted) <= room ? quoted : std::string{};
}

}  // namespace

std::string with_quotation(std::string_view prompt, const telegram::Message& message, std::int64_t bot_id,
                           std::size_t limit) {
  std::string_view text = message.quote;
  if (text.empty() && message.reply_to) text = message.reply_to->text;
  if (text.empty()) return std::string{prompt};

  const std::string head = fmt::format("[In reply to {}, quoted here:]\n", whose(message, bot_id));
  const std::string_view joint = prompt.empty() ? "" : "\n\n";
  const std::size_t taken =
      domain::count_code_points(head) + joint.size() + domain::count_code_points(prompt);
  if (taken + least_worth_quoting > limit) return std::string{prompt};
  const std::string quoted = shortened_to(text, limit - taken);
  if (quoted.empty()) return std::string{prompt};
  return head + quoted + std::string{joint} + std::string{prompt};
}

}  // namespace butler::gateway
