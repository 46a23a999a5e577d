#include "gateway/pairing_code.hpp"

#include <cctype>

namespace butler::gateway {

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t length = 8;
constexpr std::size_t bits_per_letter = 5;

std::string with_dash(std::string letters) {
  letters.insert(length / 2, 1, '-');
  return letters;
}

char as_written(char typed) {
  const auto letter = static_cast<char>(std::toupper(static_cast<unsigned char>(typed)));
  if (letter == 'O') return '0';
  if (letter == 'I' || letter == 'L') return '1';
  return letter;
}

}  // namespace

std::string pairing_code(const std::array<std::uint8_t, 5>& random) {
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : random) bits = bits << 8U | byte;
  std::string letters;
  for (std::size_t i = length; i-- > 0;) {
    letters.push_back(alphabet[bits >> (i * bits_per_letter) & (alphabet.size() - 1)]);
  }
  return with_dash(std::move(letters));
}

std::optional<std::string> read_pairing_code(std::string_view typed) {
  std::string letters;
  for (const char one : typed) {
    if (one == '-') continue;
    const char letter = as_written(one);
    if (letters.size() == length || alphabet.find(letter) == std::string_view::npos) return std::nullopt;
    letters.push_back(letter);
  }
  if (letters.size() != length) return std::nullopt;
  return with_dash(std::move(letters));
}

}  // namespace butler::gateway
