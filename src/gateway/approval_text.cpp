#include "gateway/approval_text.hpp"

#include <algorithm>

#include "api/approval_input.hpp"
#include "domain/job_id.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording_approvals.hpp"
#include "json/value.hpp"
#include "render/render.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t most_characters = 1'500;
constexpr std::ptrdiff_t most_lines = 30;  // more would push what is dangerous out of sight
constexpr std::size_t longest_request = 60;

bool is_short(std::string_view text) {
  return domain::count_code_points(text) <= most_characters && std::ranges::count(text, '\n') < most_lines;
}

std::string_view beginning(std::string_view text) {
  text = domain::prefix_code_points(text, most_characters);
  std::size_t end = 0;
  for (std::ptrdiff_t line = 0; line < most_lines && end != std::string_view::npos; ++line) {
    end = text.find('\n', end == 0 ? 0 : end + 1);
  }
  return text.substr(0, end);
}

wording::ShownCall shown_call(const api::Approval& approval, const domain::Job& job) {
  std::string raw = api::input_text(approval);
  const std::string all = input_in_words(approval);
  const bool imitates = domain::mixes_lookalikes(raw) || domain::mixes_lookalikes(approval.cwd);
  std::erase(raw, '\t');  // written as its code too, but harmless
  std::string request = domain::make_visible(job.prompt.substr(0, job.prompt.find('\n')));
  return {.short_id = domain::short_job_id(approval.id),
          .job = domain::short_job_id(job.id) + " · " + domain::shorten(request, longest_request),
          .input = is_short(all) ? all : std::string{beginning(all)},
          .whole = is_short(all) && wording::fits_into_a_message(approval),
          .characters = domain::count_code_points(all),
          .hides = domain::make_visible(raw) != raw || domain::make_visible(approval.cwd) != approval.cwd,
          .imitates = imitates};
}

}  // namespace

std::string input_in_words(const api::Approval& approval) {
  return domain::make_all_visible(api::input_text(approval));
}

std::vector<std::string> tool_request_payloads(wording::Language language, const api::Approval& approval,
                                               const domain::Job& job, std::string_view requester,
                                               std::optional<std::int64_t> reply_to) {
  wording::ShownCall shown = shown_call(approval, job);
  shown.requester = requester;
  auto texts = payloads(render::render_markdown(wording::tool_request(language, approval, shown)), reply_to);
  if (shown.whole) return texts;
  const auto document =
      telegram::document_payload(wording::tool_request_file_name(shown.short_id),
                                 wording::tool_request_in_full(language, approval, input_in_words(approval)),
                                 wording::tool_request_caption(language, shown.short_id));
  texts.push_back(json::serialize(document));
  return texts;
}

std::vector<std::string> owner_is_asked_payloads(wording::Language language, const api::Approval& approval,
                                                 const domain::Job& job,
                                                 std::optional<std::int64_t> reply_to) {
  const auto text = wording::owner_is_asked_about_tool(language, approval, shown_call(approval, job),
                                                       domain::short_job_id(job.id));
  return payloads(render::render_markdown(text), reply_to);
}

}  // namespace butler::gateway
