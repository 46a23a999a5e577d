#include "gateway/topics.hpp"

#include <algorithm>
#include <chrono>

#include "domain/utf8.hpp"
#include "gateway/job_request.hpp"
#include "gateway/language.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t longest_topic_name = 128;  // createForumTopic: 1-128 characters
constexpr std::size_t longest_telegram_reason = 300;
constexpr std::size_t longest_request_shown = 500;

/// What a person is told when Telegram did not make the topic.
std::string refusal_in_words(wording::Language language, std::string_view description) {
  const auto holds = [&](std::string_view words) { return description.contains(words); };
  if (holds("not a forum")) return wording::say(language, "topics.not_forum");
  if (holds("not enough rights")) return wording::say(language, "topics.no_right");
  return wording::say(language, "topics.not_made",
                      {{"reason", domain::shorten(description, longest_telegram_reason)}});
}

std::string asked_fact(std::int64_t bot_id, std::int64_t update_id) {
  return "topic-asked:" + std::to_string(bot_id) + ":" + std::to_string(update_id);
}

}  // namespace

std::string topic_name(std::string_view typed) {
  std::string name = domain::shorten(typed, longest_topic_name);
  std::ranges::replace_if(name, [](unsigned char c) { return c < ' '; }, ' ');
  return name;
}

boost::asio::awaitable<bool> Topics::has_topics() {
  if (bot_.has_topics) co_return true;
  const auto bot = co_await api_.get_me();
  if (bot) bot_.has_topics = bot->has_topics;
  co_return bot_.has_topics;
}

ControlAnswer Topics::make(domain::TopicCommand command, const ControlRequest& request) {
  const bool in_private = request.place() == domain::Place::private_chat;
  // In a group it is everybody's list of topics that grows.
  if (!in_private && request.role() != domain::Role::owner) {
    co_return ControlResult{wording::say(request.language, "topics.owners_only")};
  }
  command.name = topic_name(command.name);
  if (command.name.empty()) co_return ControlResult{wording::say(request.language, "topics.which")};
  const std::size_t characters = domain::count_code_points(command.prompt);
  if (characters > prompt_max_chars_) {
    co_return ControlResult{wording::prompt_too_long(request.language, characters, prompt_max_chars_)};
  }
  const std::string asked = asked_fact(bot_.id, request.update_id);
  if (store_.fact(asked)) co_return ControlResult{wording::say(request.language, "topics.unsure")};
  const bool on = !in_private || co_await has_topics();
  if (!on) co_return ControlResult{wording::say(request.language, "topics.off")};
  store_.set_fact(asked, command.name);
  const auto thread = co_await api_.create_topic(request.message.chat_id, command.name);
  if (thread) co_return made(command, request, *thread);
  log::warn("topic.not_made", {{"chat", request.message.chat_id}, {"error", thread.error().describe()}});
  if (thread.error().retry_after) {
    flood_.refused(request.message.chat_id, *thread.error().retry_after, std::chrono::steady_clock::now());
  }
  if (thread.error().kind == telegram::ApiError::Kind::unknown) {
    co_return ControlResult{wording::say(request.language, "topics.unsure")};
  }
  co_return ControlResult{refusal_in_words(request.language, thread.error().description)};
}

void Topics::settled(const ControlRequest& request) {
  store_.remove_fact(asked_fact(bot_.id, request.update_id));
}

ControlResult Topics::made(const domain::TopicCommand& command, const ControlRequest& request,
                           std::int64_t thread) {
  log::info("topic.made", {{"chat", request.message.chat_id}, {"thread", thread}});
  const Lane lane{.chat_id = request.message.chat_id, .thread_id = thread};
  ControlResult result{wording::say(request.language, "topics.made", {{"name", command.name}})};
  // Whoever opens the topic sees what it is about: the request itself stands where it was typed.
  const std::string first =
      command.prompt.empty()
          ? wording::say(request.language, "topics.greeting")
          : wording::say(request.language, "topics.request",
                         {{"request", domain::shorten(command.prompt, longest_request_shown)}});
  result.elsewhere =
      Outgoing{.source = "topic:" + std::to_string(bot_.id) + ":" + std::to_string(request.update_id),
               .kind = MessageKind::answer,
               .to = lane,
               .payloads = quiet_payloads(first)};
  if (command.prompt.empty()) return result;
  telegram::Message message = request.message;
  message.thread_id = thread;
  const JobOrigin origin{.bot_id = bot_.id,
                         .update_id = request.update_id,
                         .message = message,
                         .person = request.person,
                         .role = request.role()};
  result.turn = job_request(origin, domain::JobKind::task, command.prompt,
                            store_.session(lane, domain::wall_clock_now()));
  return result;
}

}  // namespace butler::gateway
