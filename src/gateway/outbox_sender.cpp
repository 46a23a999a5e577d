#include "gateway/outbox_sender.hpp"

#include <algorithm>
#include <chrono>

#include "gateway/describe.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using Action = DeliveryDecision::Action;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string error_text(const SendOutcome& outcome) { return outcome ? "" : outcome.error().describe(); }

void log_part(std::string_view event, const OutboxRow& row, std::string_view error) {
  log::warn(event, {{"source", row.source},
                    {"part", row.part},
                    {"chat", row.to.chat_id},
                    {"kind", domain::enum_name(row.kind)},
                    {"attempt", row.attempts},
                    {"error", error}});
}

}  // namespace

OutboxSender::OutboxSender(asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
                           async::TaskGroup& tasks, Options options,
                           std::function<void(std::string)> on_token_refused)
    : store_(store),
      api_(api),
      tasks_(tasks),
      options_(options),
      on_token_refused_(std::move(on_token_refused)),
      pacer_(options.pace),
      stopped_(std::move(executor)) {}

void OutboxSender::resume() {
  const auto recovered = store_.recover_sending(domain::wall_clock_now() + options_.timing.uncertain_retry);
  if (recovered > 0) log::warn("outbox.uncertain_after_restart", {{"parts", recovered}});
  for (const std::int64_t chat_id : store_.chats_with_unsent()) wake(chat_id);
}

bool OutboxSender::queue(const Outgoing& message) {
  const std::int64_t chat_id = message.to.chat_id;
  // A chat without a task has nothing unsent before this: its first part can leave with this very commit.
  const bool at_once = !active_.contains(chat_id) && !claimed_.contains(chat_id) && may_leave(chat_id);
  const bool added = store_.add_outgoing(message, at_once ? FirstPart::is_being_sent : FirstPart::waits,
                                         domain::wall_clock_now());
  if (!added) return false;
  if (at_once) claimed_.insert(chat_id);
  store_.after_commit([this, chat_id] { wake(chat_id); });
  return true;
}

void OutboxSender::stop() {
  stopping_ = true;
  stopped_.notify_all();
}

void OutboxSender::wake(std::int64_t chat_id) {
  if (!active_.insert(chat_id).second) return;
  tasks_.spawn("send to chat", serve(chat_id));
}

bool OutboxSender::may_leave(std::int64_t chat_id) const {
  return !stopping_ && pacer_.wait(chat_id, steady_clock::now()) == milliseconds::zero();
}

asio::awaitable<void> OutboxSender::serve(std::int64_t chat_id) {
  struct Leave {
    std::unordered_set<std::int64_t>& active;
    std::int64_t chat_id;
    ~Leave() { active.erase(chat_id); }
  } leave{active_, chat_id};

  claimed_.erase(chat_id);
  while (!stopping_) {
    const auto row = store_.first_unsent(chat_id);
    if (!row) co_return;
    if (row->state == OutboxState::sending) {
      co_await send(*row);
      continue;
    }
    const auto until_due = std::max(row->next_at - domain::wall_clock_now(), milliseconds::zero());
    const auto wait = std::max(until_due, pacer_.wait(chat_id, steady_clock::now()));
    if (wait == milliseconds::zero()) {
      store_.mark_sending(row->id, domain::wall_clock_now());
      continue;
    }
    const auto deadline = steady_clock::now() + wait;
    co_await stopped_.wait_until(deadline);
  }
  release_claim(chat_id);
}

asio::awaitable<void> OutboxSender::send(OutboxRow row) {
  auto payload = json::parse(row.payload);
  if (!payload || !payload->is_object()) throw std::logic_error("gateway.db: an outbox payload is no object");
  const bool has_entities = payload->get_object().contains("entities");

  pacer_.spend(row.to.chat_id, steady_clock::now());
  auto body = std::move(payload->get_object());
  const SendOutcome outcome = co_await api_.send_message(row.to.chat_id, row.to.thread_id, std::move(body));
  settle(row, outcome, has_entities);
}

void OutboxSender::settle(const OutboxRow& row, const SendOutcome& outcome, bool has_entities) {
  const PartFacts facts{.kind = row.kind,
                        .attempts = row.attempts,
                        .restarts = row.restarts,
                        .unknown_outcomes = row.unknown_outcomes,
                        .has_entities = has_entities,
                        .has_thread = row.to.thread_id.has_value()};
  const auto decision = delivery_decision(outcome, facts, options_.timing, process::random_fraction());
  store_.unit([&] { apply(decision, row, outcome); });
  if (decision.action == Action::resend_moved) wake(outcome.error().migrate_to_chat_id.value_or(0));
  if (decision.action == Action::stop) {
    stop();
    on_token_refused_(outcome.error().describe());
  }
}

void OutboxSender::apply(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome) {
  const auto now = domain::wall_clock_now();
  const std::string error = error_text(outcome);
  switch (decision.action) {
    case Action::done:
      store_.mark_sent(row.id, *outcome, now);
      claim_next(row.to.chat_id);
      return;
    case Action::retry:
    case Action::retry_restart: {
      const int restarts = row.restarts + (decision.action == Action::retry_restart ? 1 : 0);
      store_.mark_pending(row.id, now + decision.wait, restarts, error);
      return log_part("outbox.retry", row, error);
    }
    case Action::retry_uncertain:
      store_.mark_uncertain(row.id, now + decision.wait, error);
      return log_part("outbox.uncertain", row, error);
    case Action::leave_uncertain:
      store_.mark_uncertain(row.id, std::nullopt, error);
      log_part("outbox.uncertain_given_up", row, error);
      return claim_next(row.to.chat_id);
    case Action::resend_plain: log_part("outbox.entities_refused", row, error); return resend_plain(row);
    case Action::resend_without_thread:
      log_part("outbox.thread_gone", row, error);
      return store_.replace_part(row.id, row.payload, {.chat_id = row.to.chat_id}, now);
    case Action::resend_moved:
      log_part("outbox.chat_moved", row, error);
      return resend_moved(row, outcome.error().migrate_to_chat_id.value_or(0));
    case Action::dead:
      store_.mark_dead(row.id, error);
      log_part("outbox.dead", row, error);
      return claim_next(row.to.chat_id);
    case Action::stop: return store_.mark_pending(row.id, now, row.restarts, error);
  }
}

void OutboxSender::resend_plain(const OutboxRow& row) {
  auto payload = json::parse(row.payload).value();
  payload.get_object().erase("entities");
  store_.replace_part(row.id, json::serialize(payload), row.to, domain::wall_clock_now());
}

void OutboxSender::resend_moved(const OutboxRow& row, std::int64_t to) {
  store_.move_chat(row.to.chat_id, to);
  store_.replace_part(row.id, row.payload, {.chat_id = to, .thread_id = row.to.thread_id},
                      domain::wall_clock_now());
}

void OutboxSender::release_claim(std::int64_t chat_id) {
  const auto row = store_.first_unsent(chat_id);
  if (!row || row->state != OutboxState::sending) return;
  store_.mark_pending(row->id, domain::wall_clock_now(), row->restarts, "stopped before it was sent");
}

void OutboxSender::claim_next(std::int64_t chat_id) {
  if (!may_leave(chat_id)) return;
  const auto next = store_.first_unsent(chat_id);
  const auto now = domain::wall_clock_now();
  if (next && next->next_at <= now) store_.mark_sending(next->id, now);
}

}  // namespace butler::gateway
