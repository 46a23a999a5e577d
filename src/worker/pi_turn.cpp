#include "worker/pi_turn.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "worker/events.hpp"

namespace butler::worker::pi {

namespace {

template <class... Functions>
struct Overload : Functions... {
  using Functions::operator()...;
};

Turn::Events one(api::ReportedEvent event) {
  Turn::Events events;
  events.push_back(std::move(event));
  return events;
}

constexpr std::size_t longest_call_id = 128;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

void add(std::optional<domain::Usage>& sum, const domain::Usage& more) {
  if (!sum) sum.emplace();
  sum->input_tokens += more.input_tokens;
  sum->output_tokens += more.output_tokens;
  sum->cache_read_tokens += more.cache_read_tokens;
  sum->cache_write_tokens += more.cache_write_tokens;
  sum->cost_usd += more.cost_usd;
}

}  // namespace

Turn::Events Turn::take(const Record& record, Clock::time_point now) {
  if (outcome_) return {};
  return std::visit(
      Overload{
          [&](const Response& response) { return on(response), Events{}; },
          [&](const AgentSettled& settled) { return on(settled), Events{}; },
          [&](const AgentStart&) { return started_ = true, Events{}; },
          [&](const TurnStart&) { return turn_seen_ = started_, Events{}; },
          [&](const TextDelta& delta) { return on(delta); },
          [&](const ThinkingDelta& delta) { return on(delta); },
          [&](const AssistantMessage& message) { return on(message); },
          [&](const ToolStart& start) { return on(start), Events{}; },
          [&](const ToolUpdate& update) { return on(update, now); },
          [&](const ToolEnd& end) { return on(end); },
          [&](const RetryStart& retry) { return on(retry); },
          [&](const CompactionStart&) { return one(log_event("Summarising the conversation so far")); },
          [](const auto&) { return Events{}; },
      },
      record);
}

void Turn::on(const Response& response) {
  if (response.id != prompt_id_) return;
  if (!response.success) {
    const std::string why = response.error.empty() ? "pi refused the prompt" : response.error;
    return end({.kind = Outcome::Kind::failed, .text = why});
  }
  if (response.handled) end({.kind = Outcome::Kind::completed});
}

void Turn::on(const AgentSettled& settled) {
  // pi sometimes says so before a run's first turn, and of a run before this one: neither is the end.
  if (!started_ || !(turn_seen_ || abort_expected_)) return;
  end(judge(settled.aborted));
}

Outcome Turn::judge(bool settled_as_aborted) const {
  using enum Outcome::Kind;
  const std::string_view reason = last_ ? std::string_view{last_->stop_reason} : std::string_view{};
  // An abort that came too late changes nothing about an answer that is there.
  const bool finished = reason == "stop" || reason == "length";
  if (abort_expected_ && (settled_as_aborted || !finished)) return {.kind = aborted, .usage = usage_};
  if (reason == "error") {
    return {
        .kind = failed, .text = last_->error.empty() ? "the model failed" : last_->error, .usage = usage_};
  }
  if (settled_as_aborted || reason == "aborted") {
    return {.kind = failed, .text = "the agent broke off its turn", .usage = usage_};
  }
  if (is_blank(last_text_)) {
    return {.kind = failed, .text = "the model ended its turn without an answer", .usage = usage_};
  }
  return {.kind = completed, .text = last_text_, .usage = usage_};
}

Turn::Events Turn::on(const TextDelta& delta) {
  const auto length = domain::count_code_points(delta.text);
  if (length == 0 || streamed_ + length > domain::limits::result_text) return {};
  const bool separate = std::exchange(separate_, false) && streamed_ > 0;
  streamed_ += length;
  return one(text_event(separate ? "\n\n" + delta.text : delta.text));
}

Turn::Events Turn::on(const ThinkingDelta& delta) {
  const auto length = domain::count_code_points(delta.text);
  if (length == 0 || thought_ + length > domain::limits::result_text) return {};
  thought_ += length;
  return one(thinking_event(delta.text));
}

Turn::Events Turn::on(const AssistantMessage& message) {
  if (!started_) return {};
  last_ = message;
  separate_ = true;
  if (!is_blank(message.text)) last_text_ = message.text;
  if (message.usage == domain::Usage{}) return {};
  add(usage_, message.usage);
  return one(usage_event(*usage_));
}

// pi names a call before its gate has asked: nothing has begun then.
void Turn::on(const ToolStart& start) { name_call(start.id, start.name); }

Turn::Tool* Turn::name_call(const std::string& id, const std::string& name) {
  const auto found = tools_.find(id);
  const bool known = found != tools_.end();
  if (known && found->second.state != Tool::State::ended) return &found->second;
  if (++calls_ > most_tools) {
    out_of_bounds_ = true;
    end({.kind = Outcome::Kind::failed,
         .text = "the agent called more than " + std::to_string(most_tools) + " tools and was ended",
         .usage = usage_});
    return nullptr;
  }
  std::string reported = call_prefix_ + domain::shorten(id, longest_call_id);
  // A call whose namesake has ended is a new one.
  if (known || reported.size() != call_prefix_.size() + id.size()) reported += "#" + std::to_string(calls_);
  return &tools_.insert_or_assign(id, Tool{.name = name, .reported_id = std::move(reported)}).first->second;
}

std::string Turn::ask(const CallQuestion& question) {
  const Tool* tool = outcome_ ? nullptr : name_call(question.id, question.tool_name);
  return tool == nullptr ? question.id : tool->reported_id;
}

Turn::Events Turn::begin_call(const CallQuestion& question) {
  Tool* tool = outcome_ ? nullptr : name_call(question.id, question.tool_name);
  if (tool == nullptr || tool->state != Tool::State::named) return {};
  tool->state = Tool::State::runs;
  return one(
      tool_start_event({.id = tool->reported_id, .name = question.tool_name, .arguments = question.input}));
}

Turn::Events Turn::on(const ToolUpdate& update, Clock::time_point now) {
  const auto found = tools_.find(update.id);
  const auto state = found == tools_.end() ? Tool::State::named : found->second.state;
  if (state == Tool::State::named) return started_ ? end_ungated() : Events{};
  if (state == Tool::State::ended) return {};
  Tool* tool = &found->second;
  if (update.output.empty() || (tool->reported_at && now - *tool->reported_at < update_interval)) return {};
  std::string_view fresh = update.output;
  if (fresh.starts_with(tool->reported_output)) fresh.remove_prefix(tool->reported_output.size());
  if (fresh.empty()) return {};
  auto event = tool_update_event(tool->reported_id, tool->name, fresh);
  tool->reported_output = update.output;
  tool->reported_at = now;
  return one(std::move(event));
}

Turn::Events Turn::on(const ToolEnd& end) {
  const auto found = tools_.find(end.id);
  if (found == tools_.end() || found->second.state == Tool::State::ended) return {};
  Tool& tool = found->second;
  const bool ran = std::exchange(tool.state, Tool::State::ended) == Tool::State::runs;
  tool.reported_output.clear();
  // A call that was blocked, or of a tool that there is not, ends with an error.
  if (!ran && !end.is_error) return end_ungated();
  return ran ? one(tool_end_event(tool.reported_id, tool.name, end.output, end.is_error)) : Events{};
}

Turn::Events Turn::end_ungated() {
  ungated_ = true;
  end({.kind = Outcome::Kind::failed,
       .text = "the agent ran a tool without asking Butler, and was ended",
       .usage = usage_});
  return {};
}

Turn::Events Turn::on(const RetryStart& retry) {
  separate_ = true;
  return one(log_event("The model failed, trying again (" + std::to_string(retry.attempt) + " of " +
                       std::to_string(retry.most) + "): " + retry.error));
}

bool Turn::tool_running() const {
  return std::ranges::any_of(tools_, [](const auto& tool) { return tool.second.state == Tool::State::runs; });
}

void Turn::end(Outcome outcome) { outcome_ = std::move(outcome); }

}  // namespace butler::worker::pi
