#include "gateway/chat_settings.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "gateway/describe.hpp"
#include "gateway/wording_live.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {}  // namespace

std::string ChatSettings::obey(const std::string& arguments, const Setter& setter,
                               domain::Timestamp now) const {
  std::istringstream words{arguments};
  std::string setting;
  std::string value;
  std::string more;
  words >> setting >> value >> more;
  if (setting.empty()) return wording::live_settings(setter.language, live_mode(setter.chat_id));
  std::ranges::transform(value, value.begin(), [](unsigned char one) { return std::tolower(one); });
  const auto mode = domain::enum_from_name<LiveMode>(value);
  if (setting != "mode" || !mode || !more.empty()) {
    return wording::live_mode_unknown(setter.language, arguments);
  }
  const bool may = setter.chat_id > 0 || setter.role == domain::Role::owner;
  return may ? set_mode(*mode, setter, now) : wording::say(setter.language, "live.mode_owners_only");
}

std::string ChatSettings::set_mode(LiveMode mode, const Setter& setter, domain::Timestamp now) const {
  store_.set_live_mode(setter.chat_id, mode, setter.person_id, now);
  log::info("chat.mode_set",
            {{"chat", setter.chat_id}, {"mode", domain::enum_name(mode)}, {"by", setter.person_id}});
  return wording::live_mode_set(setter.language, mode);
}

Keyboard ChatSettings::keyboard(std::int64_t chat_id) const {
  const LiveMode present = live_mode(chat_id);
  std::vector<Button> row;
  for (const LiveMode mode : {LiveMode::off, LiveMode::status, LiveMode::draft, LiveMode::edit}) {
    const std::string name{domain::enum_name(mode)};
    row.push_back({.label = mode == present ? "• " + name : name,
                   .action = ButtonAction::setting,
                   .subject = "mode=" + name,
                   .style = mode == present ? ButtonStyle::primary : ButtonStyle::plain});
  }
  return {.rows = {std::move(row)}};
}

PressOutcome ChatSettings::press(const std::string& subject, const Setter& setter,
                                 domain::Timestamp now) const {
  constexpr std::string_view of_mode = "mode=";
  const bool known = subject.starts_with(of_mode);
  const auto mode = domain::enum_from_name<LiveMode>(known ? subject.substr(of_mode.size()) : "");
  const bool may = setter.chat_id > 0 || setter.role == domain::Role::owner;
  if (!mode) return {.toast = wording::live_mode_unknown(setter.language, subject), .refused = true};
  if (!may) return {.toast = wording::say(setter.language, "live.mode_owners_only"), .refused = true};
  return {.toast = set_mode(*mode, setter, now), .keyboard = keyboard(setter.chat_id)};
}

}  // namespace butler::gateway
