#include "gateway/live_plan.hpp"

#include <algorithm>

#include "domain/utf8.hpp"

namespace butler::gateway {

namespace {

using std::chrono::milliseconds;
using Time = LiveShown::Time;

/// How many characters of two texts that begin alike are not the same.
std::size_t changed_characters(const std::string& before, const std::string& now) {
  const auto [end, other] = std::ranges::mismatch(before, now);
  const auto same = static_cast<std::size_t>(end - before.begin());
  const auto rest = [same](const std::string& text) {
    return domain::count_code_points(std::string_view{text}.substr(same));
  };
  return std::max(rest(before), rest(now));
}

milliseconds spacing(const LiveShown& shown, const LiveRules& rules) {
  if (shown.view.surface == Surface::draft) return rules.between_drafts;
  if (shown.edits >= rules.quick_edits) return rules.between_later_edits;
  return shown.private_chat ? rules.between_edits_in_private : rules.between_edits_in_group;
}

milliseconds spread(milliseconds time, const LiveShown& shown, const LiveRules& rules) {
  return time + std::chrono::ceil<milliseconds>(time * rules.jitter * shown.jitter);
}

}  // namespace

LiveView live_view(LiveMode mode, bool private_chat, bool drafts_latched) {
  if (mode == LiveMode::off) return {};
  if (mode == LiveMode::edit) return {.surface = Surface::message, .answer = true};
  if (!private_chat) return {.surface = Surface::message};
  if (drafts_latched) return {};
  return {.surface = Surface::draft, .answer = mode == LiveMode::draft};
}

std::optional<Time> may_show_at(const LiveShown& shown, const LiveRules& rules) {
  if (shown.view.surface == Surface::none || shown.off) return std::nullopt;
  const bool message_there = shown.view.surface == Surface::message && shown.there;
  if (message_there && shown.edits >= rules.most_edits) return std::nullopt;
  const Time first = shown.began + (shown.private_chat ? rules.first_in_private : rules.first_in_group);
  if (shown.tried == Time{}) return first;
  return std::max(first, shown.tried + spread(spacing(shown, rules), shown, rules));
}

bool is_worth_showing(const LiveShown& shown, const LiveContent& now, Time time, const LiveRules& rules) {
  if (!shown.there) return true;
  if (now.status != shown.content.status) return true;
  const bool fades = shown.view.surface == Surface::draft && time >= shown.tried + rules.draft_renewal;
  if (fades) return true;
  return shown.view.answer && changed_characters(shown.content.part.text, now.part.text) >= rules.worth;
}

milliseconds tick(const LiveView& view, milliseconds age, const LiveRules& rules) {
  const milliseconds step = view.surface == Surface::draft ? rules.draft_tick : rules.message_tick;
  return age < rules.precise_for ? step : step * rules.coarser_later;
}

std::optional<Time> look_again_at(const LiveShown& shown, Time now, const LiveRules& rules) {
  const auto may = may_show_at(shown, rules);
  if (!may) return std::nullopt;
  if (*may > now) return may;
  const auto age = std::chrono::duration_cast<milliseconds>(now - shown.began);
  const milliseconds step = tick(shown.view, age, rules);
  const Time next_tick = shown.began + (age / step + 1) * step;
  const bool can_fade = shown.view.surface == Surface::draft && shown.there;
  return can_fade ? std::min(next_tick, std::max(now, shown.tried + rules.draft_renewal)) : next_tick;
}

bool note_outcome(LiveShown& shown, LiveOutcome outcome, const LiveRules& rules) {
  switch (outcome) {
    case LiveOutcome::shown:
      shown.failures = 0;
      shown.there = true;
      return false;
    case LiveOutcome::dismissed: shown.failures = 0; return false;
    case LiveOutcome::refused: shown.off = true; return shown.view.surface == Surface::draft;
    case LiveOutcome::hopeless:
    case LiveOutcome::flooded:
    case LiveOutcome::unknown_send: shown.off = true; return false;
    case LiveOutcome::failed: shown.off = ++shown.failures >= rules.most_failures; return false;
  }
  return false;
}

}  // namespace butler::gateway
