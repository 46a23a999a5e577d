#include "doctor/finding.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace butler::doctor {

std::string status_name(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::warning: return "warning";
    case Status::broken: return "broken";
    case Status::skipped: return "skipped";
  }
  return "?";
}

Finding all_well(std::string what_is) { return {.status = Status::ok, .what_is = std::move(what_is)}; }

Finding left_out(std::string why) { return {.status = Status::skipped, .what_is = std::move(why)}; }

Finding doubtful(std::string what_is, std::string what_should_be, std::string mend, std::string remark) {
  return {.status = Status::warning,
          .what_is = std::move(what_is),
          .what_should_be = std::move(what_should_be),
          .mend = std::move(mend),
          .remark = std::move(remark)};
}

Finding wrong(std::string what_is, std::string what_should_be, std::string mend, std::string remark) {
  return {.status = Status::broken,
          .what_is = std::move(what_is),
          .what_should_be = std::move(what_should_be),
          .mend = std::move(mend),
          .remark = std::move(remark)};
}

std::string as_sentence(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text.ends_with('?') || text.ends_with('!') ? text : text + ".";
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view harmless = "_-./:=@%+,";
  const bool plain = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || harmless.contains(c);
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace butler::doctor
