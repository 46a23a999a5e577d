#include "gateway/outbox_sender.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/describe.hpp"
#include "gateway/resend.hpp"
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

Urgency urgency_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::approval:
    case MessageKind::failure: return Urgency::urgent;
    case MessageKind::answer: return Urgency::answer;
    default: return Urgency::notice;
  }
}

FilesForm form_of(const json::Object& body) {
  const auto message = files_message(body);
  if (!message) return FilesForm::none;
  const bool documents = std::ranges::all_of(message->files, [](const OutgoingFile& file) {
    return file.shown_as == telegram::UploadKind::document;
  });
  return documents ? FilesForm::documents : FilesForm::media;
}

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
                           FloodControl& flood, const Languages& languages, async::TaskGroup& tasks,
                           DeliveryTiming timing, SenderEvents events)
    : executor_(std::move(executor)),
      store_(store),
      api_(api),
      flood_(flood),
      languages_(languages),
      tasks_(tasks),
      timing_(timing),
      events_(std::move(events)) {}

/// Telegram counts on across our restarts.
void OutboxSender::remember_what_left() {
  const auto wall = domain::wall_clock_now();
  const auto now = steady_clock::now();
  const auto messages = store_.sent_since(wall - flood_.memory());
  for (const SentMessage& sent : messages) {
    flood_.spend(sent.chat_id, now - std::max(wall - sent.at, milliseconds::zero()));
  }
  for (const SentMessage& sent : messages) flood_.remember_edits(sent.chat_id, now);
}

void OutboxSender::resume() {
  remember_what_left();
  for (const ParkedChat& chat : store_.parked_chats()) parked_.insert(chat.chat_id);
  const auto recovered = store_.recover_sending(domain::wall_clock_now() + timing_.uncertain_retry);
  if (recovered > 0) log::warn("outbox.uncertain_after_restart", {{"parts", recovered}});
  counts_.uncertain += static_cast<std::int64_t>(recovered);
  for (const std::int64_t chat_id : store_.chats_with_unsent()) wake(chat_id);
}

bool OutboxSender::queue(Outgoing message) {
  const std::int64_t chat_id = message.to.chat_id = store_.current_chat(message.to.chat_id);
  // A chat without a task has nothing unsent before this: its first part can leave with this very commit.
  const bool at_once =
      !active_.contains(chat_id) && !claimed_.contains(chat_id) && may_leave(chat_id, message.kind);
  const bool added = store_.add_outgoing(message, at_once ? FirstPart::is_being_sent : FirstPart::waits,
                                         domain::wall_clock_now());
  if (!added) return false;
  if (at_once) {
    claimed_.insert(chat_id);
    flood_.reserve(chat_id, steady_clock::now());
  }
  store_.after_commit([this, chat_id] { wake(chat_id); });
  return true;
}

void OutboxSender::move_chat(std::int64_t from, std::int64_t to) {
  store_.move_chat(from, to);
  events_.chat_moved(to);
  store_.after_commit([this, from, to] {
    parked_.erase(from);
    wake(to);
  });
}

void OutboxSender::revive(std::int64_t chat_id) {
  if (!store_.revive_chat(chat_id, domain::wall_clock_now())) return;
  log::info("chat.revived", {{"chat", chat_id}});
  store_.after_commit([this, chat_id] {
    parked_.erase(chat_id);
    wake(chat_id);
  });
}

void OutboxSender::stop() {
  stopping_ = true;
  for (const auto& [chat_id, woken] : active_) woken->notify_all();
}

void OutboxSender::wake(std::int64_t chat_id) {
  if (stopping_ || is_parked(chat_id)) return;
  auto& woken = active_[chat_id];
  if (woken) return woken->notify_all();
  woken = std::make_unique<async::Event>(executor_);
  tasks_.spawn("send to chat", serve(chat_id));
}

bool OutboxSender::may_leave(std::int64_t chat_id, MessageKind kind) const {
  const bool now = flood_.wait(chat_id, urgency_of(kind), steady_clock::now()) == milliseconds::zero();
  return now && !stopping_ && !is_parked(chat_id);
}

asio::awaitable<void> OutboxSender::serve(std::int64_t chat_id) {
  struct Leave {
    decltype(active_)& active;
    std::int64_t chat_id;
    ~Leave() { active.erase(chat_id); }
  } leave{active_, chat_id};

  claimed_.erase(chat_id);
  async::Event& woken = *active_.at(chat_id);
  while (!stopping_ && !is_parked(chat_id)) {
    const auto row = store_.first_unsent(chat_id);
    if (!row) co_return;
    if (in_flight_.contains(row->id)) {  // the chat was moved meanwhile: its former task waits for Telegram
      co_await woken.wait();
      continue;
    }
    if (row->state == OutboxState::sending) {
      co_await send(*row);
      continue;
    }
    const auto until_due = std::max(row->next_at - domain::wall_clock_now(), milliseconds::zero());
    const auto now = steady_clock::now();
    const auto wait = std::max(until_due, flood_.wait(chat_id, urgency_of(row->kind), now));
    if (wait == milliseconds::zero()) {
      claim(*row);
    } else {
      co_await woken.wait_until(now + wait);
    }
  }
  release_claim(chat_id);
}

asio::awaitable<void> OutboxSender::send(OutboxRow row) {
  auto payload = json::parse(row.payload);
  if (!payload || !payload->is_object()) throw std::logic_error("gateway.db: an outbox payload is no object");
  auto body = std::move(payload->get_object());
  const PartFacts facts{.kind = row.kind,
                        .attempts = row.attempts,
                        .restarts = row.restarts,
                        .unknown_outcomes = row.unknown_outcomes,
                        .has_entities = body.contains("entities"),
                        .has_thread = row.to.thread_id.has_value(),
                        .is_document = telegram::is_document(body),
                        .files = form_of(body)};
  struct Arrived {
    std::unordered_set<std::int64_t>& in_flight;
    std::int64_t row_id;
    ~Arrived() { in_flight.erase(row_id); }
  };
  {
    in_flight_.insert(row.id);
    const Arrived arrived{in_flight_, row.id};
    const SendOutcome outcome = co_await hand_over(row, std::move(body));
    settle(row, outcome, facts);
  }
  const std::int64_t goes_on_in = store_.current_chat(row.to.chat_id);
  if (goes_on_in != row.to.chat_id) wake(goes_on_in);
}

asio::awaitable<SendOutcome> OutboxSender::hand_over(const OutboxRow& row, json::Object body) {
  if (is_final(row.kind)) co_await events_.final_leaves(row.to);
  flood_.departs(row.to.chat_id, steady_clock::now());
  auto files = files_message(body);
  if (!files) co_return co_await api_.send(row.to.chat_id, row.to.thread_id, std::move(body));
  // An album counts as the messages that it is.
  for (std::size_t i = 1; i < files->files.size(); ++i) flood_.spend(row.to.chat_id, steady_clock::now());
  co_return co_await file_parts_.send(row.to, *std::move(files));
}

void OutboxSender::settle(const OutboxRow& row, const SendOutcome& outcome, const PartFacts& facts) {
  const auto decision = delivery_decision(outcome, facts, timing_, process::random_fraction());
  if (!outcome && outcome.error().error_code == 429) {
    ++counts_.flood_refusals;
    flood_.refused(row.to.chat_id, decision.wait, steady_clock::now());
  }
  store_.unit([&] { apply(decision, row, outcome); });
  if (decision.action == Action::stop) {
    stop();
    events_.token_refused(outcome.error().describe());
  }
}

void OutboxSender::apply(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome) {
  switch (decision.action) {
    case Action::done:
      ++counts_.sent;
      store_.mark_sent(row.id, *outcome, domain::wall_clock_now());
      events_.buttons_sent(row, *outcome);
      store_.after_commit([this, lane = row.to] { events_.sent(lane); });
      return claim_next(row.to.chat_id);
    case Action::retry:
    case Action::retry_restart:
    case Action::retry_uncertain:
    case Action::stop: return put_back(decision, row, outcome);
    case Action::leave_uncertain:
    case Action::dead: return give_up(decision, row, error_text(outcome));
    case Action::resend_plain:
    case Action::resend_without_thread:
    case Action::resend_as_document:
    case Action::resend_moved: return resend(decision, row, outcome);
    case Action::resend_files_as_documents:
    case Action::resend_files_as_words: return resend_files(decision, row, outcome);
    case Action::park: return park(row, error_text(outcome));
  }
}

/// The part stays where it is in the chat's order, and is tried again.
void OutboxSender::put_back(const DeliveryDecision& decision, const OutboxRow& row,
                            const SendOutcome& outcome) {
  const auto now = domain::wall_clock_now();
  const std::string error = error_text(outcome);
  if (decision.action == Action::retry_uncertain) {
    ++counts_.uncertain;
    store_.mark_uncertain(row.id, now + decision.wait, error, now);
    return log_part("outbox.uncertain", row, error);
  }
  const int restarts = row.restarts + (decision.action == Action::retry_restart ? 1 : 0);
  store_.mark_pending(row.id, now + decision.wait, restarts, error);
  if (decision.action == Action::stop) return;
  ++counts_.retries;
  log_part("outbox.retry", row, error);
}

void OutboxSender::give_up(const DeliveryDecision& decision, const OutboxRow& row, const std::string& error) {
  const auto now = domain::wall_clock_now();
  if (decision.action == Action::dead) {
    ++counts_.dead;
    store_.mark_dead(row.id, error, now);
    log_part("outbox.dead", row, error);
  } else {
    ++counts_.uncertain;
    store_.mark_uncertain(row.id, std::nullopt, error, now);
    log_part("outbox.uncertain_given_up", row, error);
  }
  if (is_final(row.kind)) events_.undeliverable(row.to.chat_id, error);
  claim_next(row.to.chat_id);
}

/// The same part in another form, or to another place, at once.
void OutboxSender::resend(const DeliveryDecision& decision, const OutboxRow& row,
                          const SendOutcome& outcome) {
  const auto now = domain::wall_clock_now();
  const std::string error = error_text(outcome);
  switch (decision.action) {
    case Action::resend_plain:
      ++counts_.entities_refused;
      log_part("outbox.entities_refused", row, error);
      return store_.replace_part(row.id, without_entities(row.payload), row.to, now);
    case Action::resend_as_document:
      ++counts_.texts_refused;
      log_part("outbox.text_refused", row, error);
      return store_.replace_part(row.id, as_document(languages_.of_lane(row.to), row.payload), row.to, now);
    case Action::resend_without_thread:
      ++counts_.topics_gone;
      log_part("outbox.thread_gone", row, error);
      return store_.replace_part(row.id, outside_of_topic(languages_.of_lane(row.to), row.payload),
                                 {.chat_id = row.to.chat_id}, now);
    default: break;
  }
  const std::int64_t to = outcome.error().migrate_to_chat_id.value_or(row.to.chat_id);
  if (to == row.to.chat_id) return give_up({Action::dead}, row, error);
  log_part("outbox.chat_moved", row, error);
  move_chat(row.to.chat_id, to);
  const Lane lane{.chat_id = to, .thread_id = row.to.thread_id};
  // Ids of messages begin anew there: what it replied to is in the old chat.
  store_.replace_part(row.id, without_reply(row.payload), lane, now);
}

void OutboxSender::resend_files(const DeliveryDecision& decision, const OutboxRow& row,
                                const SendOutcome& outcome) {
  ++counts_.files_refused;
  log_part("outbox.files_refused", row, error_text(outcome));
  const FilesMessage files = files_message(json::parse(row.payload).value().as_object()).value();
  const std::string payload = decision.action == Action::resend_files_as_documents
                                  ? files_payload(as_documents(files))
                                  : file_parts_.as_words(row.to, files, outcome.error());
  store_.replace_part(row.id, payload, row.to, domain::wall_clock_now());
}

void OutboxSender::park(const OutboxRow& row, const std::string& error) {
  const auto now = domain::wall_clock_now();
  store_.mark_pending(row.id, now, row.restarts, error);
  if (store_.park_chat(row.to.chat_id, error, now)) {
    log_part("chat.parked", row, error);
    events_.undeliverable(row.to.chat_id, error);
  }
  store_.after_commit([this, chat_id = row.to.chat_id] { parked_.insert(chat_id); });
}

void OutboxSender::claim(const OutboxRow& row) {
  store_.mark_sending(row.id, domain::wall_clock_now());
  flood_.reserve(row.to.chat_id, steady_clock::now());
}

void OutboxSender::claim_next(std::int64_t chat_id) {
  const auto next = store_.first_unsent(chat_id);
  const bool due = next && next->next_at <= domain::wall_clock_now();
  if (due && next->state != OutboxState::sending && may_leave(chat_id, next->kind)) claim(*next);
}

void OutboxSender::release_claim(std::int64_t chat_id) {
  const auto row = store_.first_unsent(chat_id);
  if (!row || row->state != OutboxState::sending || in_flight_.contains(row->id)) return;
  flood_.take_back(chat_id);
  store_.mark_pending(row->id, domain::wall_clock_now(), row->restarts, "stopped before it was sent");
}

}  // namespace butler::gateway
