#include "gateway/wording_live.hpp"

#include <fmt/format.h>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/describe.hpp"

namespace butler::gateway::wording {

namespace {

constexpr std::size_t longest_typed_setting = 40;

std::string live_time(Language language, std::chrono::seconds time) {
  const auto seconds = time.count();
  if (seconds < 60) return say(language, "live.seconds", {{"seconds", seconds}});
  return say(language, "live.minutes", {{"minutes", fmt::format("{}:{:02}", seconds / 60, seconds % 60)}});
}

std::string short_number(std::int64_t number) {
  if (number < 1'000) return std::to_string(number);
  if (number < 1'000'000) return fmt::format("{:.1f}k", static_cast<double>(number) / 1e3);
  return fmt::format("{:.1f}M", static_cast<double>(number) / 1e6);
}

std::string live_mode_words(Language language, LiveMode mode) {
  switch (mode) {
    case LiveMode::off: return say(language, "live.mode_off");
    case LiveMode::status: return say(language, "live.mode_status");
    case LiveMode::draft: return say(language, "live.mode_draft");
    case LiveMode::edit: return say(language, "live.mode_edit");
  }
  return "";
}

}  // namespace

std::string live_tool(std::string_view name, std::string_view argument) {
  return argument.empty() ? std::string{name} : fmt::format("{}: {}", name, argument);
}

std::string live_line(Language language, std::string_view doing, std::chrono::seconds running,
                      std::int64_t tokens, double cost_usd) {
  constexpr double least_cost = 0.0001;
  std::string line{doing};
  if (running.count() > 0) line += " · " + live_time(language, running);
  if (tokens > 0) line += " · " + say(language, "live.tokens", {{"tokens", short_number(tokens)}});
  if (cost_usd >= least_cost) line += fmt::format(" · ${:.4f}", cost_usd);
  return line;
}

std::string live_settings(Language language, LiveMode mode) {
  return say(language, "live.settings",
             {{"mode", domain::enum_name(mode)}, {"words", live_mode_words(language, mode)}});
}

std::string live_mode_set(Language language, LiveMode mode) {
  return say(language, "live.mode_set",
             {{"mode", domain::enum_name(mode)}, {"words", live_mode_words(language, mode)}});
}

std::string live_mode_unknown(Language language, std::string_view typed) {
  return say(language, "live.mode_unknown",
             {{"typed", domain::shorten(domain::make_visible(typed), longest_typed_setting)}});
}

}  // namespace butler::gateway::wording
