#include "cli/given_secret.hpp"

#include <iostream>

#include "config/trim.hpp"
#include "files/small_file.hpp"

namespace butler::cli {

namespace {

constexpr std::size_t longest_secret_file = 65'536;

std::expected<std::string, std::string> first_line(std::string_view text, const std::string& source) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = config::trim(line);
  if (line.empty()) return std::unexpected(source + ": the first line is empty");
  return std::string{line};
}

}  // namespace

std::expected<std::string, std::string> read_secret_file(const std::string& file) {
  const auto content = files::read_small_file(file, longest_secret_file);
  if (!content) return std::unexpected(file + ": " + content.error().message());
  return first_line(content->text, file);
}

std::expected<std::string, std::string> read_secret_from_input() {
  std::string line;
  std::getline(std::cin, line);
  return first_line(line, "standard input");
}

}  // namespace butler::cli
