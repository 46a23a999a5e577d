#include "gateway/live_text.hpp"

#include "domain/utf8.hpp"
#include "gateway/wording_live.hpp"

namespace butler::gateway {

namespace {

using api::ActivityKind;

/// Of the answer's end, so that the line below it fits into the same message.
constexpr std::size_t longest_tail = 3'500;
// Of what a tool does, in a line.
constexpr std::size_t longest_tool = 40;
constexpr std::size_t longest_argument = 80;

std::string doing_in_words(wording::Language language, const LiveProgress& progress,
                           const LiveSituation& situation) {
  if (situation.stopping) return wording::say(language, "live.stopping");
  if (situation.deciding) return wording::say(language, "live.deciding");
  const api::Activity activity = progress.activity();
  switch (activity.kind) {
    case ActivityKind::runs_tool:
      return wording::live_tool(domain::shorten(activity.tool, longest_tool),
                                domain::shorten(activity.summary, longest_argument));
    case ActivityKind::writes: return wording::say(language, "live.writing");
    case ActivityKind::waits_for_retry: return wording::say(language, "live.waiting");
    case ActivityKind::unknown:
    case ActivityKind::starts:
    case ActivityKind::thinks:
    case ActivityKind::reads_result: break;
  }
  return wording::say(language, "live.thinking");
}

/// The end of the answer in one message: the last of those that the whole would take.
render::Part tail_of(const std::string& markdown) {
  auto parts = render::render_markdown(markdown, longest_tail);
  return parts.empty() ? render::Part{} : std::move(parts.back());
}

}  // namespace

LiveContent live_content(wording::Language language, const LiveProgress& progress,
                         const LiveSituation& situation, const LiveView& view,
                         std::chrono::milliseconds coarse) {
  const auto step =
      std::max(std::chrono::duration_cast<std::chrono::seconds>(coarse), std::chrono::seconds{1});
  const bool counts = !situation.deciding && !situation.stopping;  // else it is not the agent that takes time
  const auto seconds = counts ? situation.running - situation.running % step : std::chrono::seconds{0};
  const std::string doing = doing_in_words(language, progress, situation);
  std::string line = wording::live_line(language, doing, seconds, progress.tokens(), progress.cost_usd());
  render::Part part = view.answer ? tail_of(progress.text()) : render::Part{};
  if (part.text.empty()) return {.status = line, .part = {.text = line}};
  const bool writes =
      progress.activity().kind == ActivityKind::writes && !situation.deciding && !situation.stopping;
  if (writes) return {.status = doing, .part = std::move(part)};  // it can be seen
  part.text += "\n\n";
  part.entities.push_back({.type = "italic",
                           .offset = domain::count_utf16_units(part.text),
                           .length = domain::count_utf16_units(line)});
  part.text += line;
  return {.status = std::move(line), .part = std::move(part)};
}

}  // namespace butler::gateway
