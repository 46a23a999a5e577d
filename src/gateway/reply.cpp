#include "gateway/reply.hpp"

#include <iterator>

#include "domain/utf8.hpp"
#include "gateway/markdown_code.hpp"
#include "gateway/wording.hpp"
#include "json/value.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

namespace {

using domain::Job;
using domain::JobKind;
using domain::JobStatus;
using render::Part;

/// More of them than this would flood a chat (and a group for a minute).
constexpr std::size_t most_parts = 5;

/// The text that a job left: an agent's Markdown, or a command's output as it is.
std::vector<Part> text_of(const Job& job) {
  if (!job.result_text || job.result_text->empty()) return {};
  if (job.kind == JobKind::run) return render::render_markdown(code_block(*job.result_text));
  return render::render_markdown(*job.result_text);
}

void append(std::vector<Part>& parts, std::vector<Part> more) {
  std::ranges::move(more, std::back_inserter(parts));
}

std::vector<Part> completed(wording::Language language, const Job& job) {
  auto parts = text_of(job);
  if (parts.empty()) parts = render::render_plain(wording::no_text(language));
  return parts;
}

std::vector<Part> failed(wording::Language language, const Job& job) {
  const std::string reason = job.error.value_or("");
  if (reason == "worker_lost") return render::render_plain(wording::worker_lost(language));
  if (job.kind == JobKind::task) return render::render_plain(wording::failed(language, reason));
  auto parts = text_of(job);  // what a command printed usually says why
  append(parts, render::render_plain(wording::command_failed(language, reason)));
  return parts;
}

std::vector<Part> aborted(wording::Language language, const Job& job, bool denied) {
  if (denied && !job.started_at) return render::render_plain(wording::denied(language));
  auto parts = text_of(job);
  if (parts.empty()) return render::render_plain(wording::stopped(language));
  const std::string mark = "\n\n" + wording::stopped_mark(language);
  const bool fits = domain::count_utf16_units(parts.back().text + mark) <= render::message_limit;
  if (fits) {
    parts.back().text += mark;
  } else {
    append(parts, render::render_plain(wording::stopped_mark(language)));
  }
  return parts;
}

}  // namespace

json::Array entities_of(const Part& part) {
  json::Array entities;
  for (const auto& entity : part.entities) {
    json::Object object{{"type", entity.type}, {"offset", entity.offset}, {"length", entity.length}};
    if (!entity.url.empty()) object["url"] = entity.url;
    if (!entity.language.empty()) object["language"] = entity.language;
    entities.push_back(std::move(object));
  }
  return entities;
}

std::vector<Part> reply_to_job(wording::Language language, const Job& job, bool denied) {
  switch (job.status) {
    case JobStatus::completed: return completed(language, job);
    case JobStatus::failed: return failed(language, job);
    default: return aborted(language, job, denied);
  }
}

std::vector<std::string> payloads(std::vector<Part> parts, std::optional<std::int64_t> reply_to) {
  std::vector<std::string> texts;
  texts.reserve(parts.size());
  for (const Part& part : parts) {
    json::Array entities = entities_of(part);
    texts.push_back(json::serialize(telegram::message_payload(part.text, std::move(entities), reply_to)));
    reply_to.reset();
  }
  return texts;
}

std::vector<std::string> plain_payloads(std::string_view text, std::optional<std::int64_t> reply_to) {
  return payloads(render::render_plain(text), reply_to);
}

std::optional<std::int64_t> reply_target(Lane lane, std::int64_t message_id) {
  const bool group = lane.chat_id < 0;
  return group && message_id > 0 ? std::optional{message_id} : std::nullopt;
}

std::vector<std::string> answer_payloads(wording::Language language, const Job& job, bool denied,
                                         std::optional<std::int64_t> reply_to) {
  auto parts = reply_to_job(language, job, denied);
  if (parts.size() <= most_parts) return payloads(std::move(parts), reply_to);
  const bool has_last_word = job.status != JobStatus::completed;  // why it failed, or that it was stopped
  std::vector<Part> shown{parts.front()};
  if (has_last_word) shown.push_back(parts.back());
  auto texts = payloads(std::move(shown), reply_to);
  const std::string name = job.kind == JobKind::run ? "output.txt" : "answer.md";
  const auto document =
      telegram::document_payload(name, job.result_text.value_or(""), wording::whole_answer_caption(language));
  texts.insert(texts.begin() + 1, json::serialize(document));
  return texts;
}

std::vector<std::string> quiet_payloads(std::string_view text, std::optional<std::int64_t> reply_to) {
  auto texts = plain_payloads(text, reply_to);
  for (std::string& one : texts) {
    auto payload = json::parse(one).value();
    payload.as_object()["disable_notification"] = true;
    one = json::serialize(payload);
  }
  return texts;
}

}  // namespace butler::gateway
