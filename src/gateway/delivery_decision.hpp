#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>

#include "domain/backoff.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What a sendMessage came to: the message's id, or why there is none.
using SendOutcome = std::expected<std::int64_t, telegram::ApiError>;

/// How long what takes.
struct DeliveryTiming {
  domain::Backoff not_sent{std::chrono::milliseconds{400}, 2.0, std::chrono::seconds{30}};
  domain::Backoff restarting{std::chrono::seconds{1}, 2.0, std::chrono::seconds{30}};
  std::chrono::milliseconds flood_slack{500};        ///< added to Telegram's own retry_after
  std::chrono::milliseconds uncertain_retry{5'000};  ///< before an answer is sent a second time
};

/// What a part is made of, when it is files.
enum class FilesForm : std::uint8_t { none, media, documents };

/// What is known of a part beside the outcome of its latest try.
struct PartFacts {
  MessageKind kind = MessageKind::answer;
  int attempts = 1;  ///< the latest included
  int restarts = 0;
  int unknown_outcomes = 0;
  bool has_entities = false;
  bool has_thread = false;
  bool is_document = false;
  FilesForm files = FilesForm::none;
};

/// What to do with a part now.
struct DeliveryDecision {
  enum class Action : std::uint8_t {
    done,
    retry,                      ///< it was provably not sent: again after `wait`
    retry_restart,              ///< likewise, because the server restarts
    retry_uncertain,            ///< nobody knows: again, once, after `wait`
    leave_uncertain,            ///< nobody knows, and a second one would be worse than none
    resend_plain,               ///< Telegram does not take the entities: the text without them
    resend_without_thread,      ///< the topic is gone
    resend_moved,               ///< the group has another id now
    resend_as_document,         ///< no text that Telegram takes: our bug, the reader gets it as a file
    resend_files_as_documents,  ///< Telegram does not take them as photos, videos…
    resend_files_as_words,      ///< nor at all: the reader is told why
    park,                       ///< the chat takes nothing now: what waits for it is kept for a while
    dead,                       ///< Telegram will not take it
    stop,                       ///< the token is refused: nothing can be sent any more
  };
  Action action = Action::done;
  std::chrono::milliseconds wait{0};

  bool operator==(const DeliveryDecision&) const = default;
};

/// The retry matrix for messages. Telegram has no idempotency key: what may have been sent is repeated once
/// if it ends what a person asked for, and never otherwise. Pure; `jitter` is a random number in [0, 1).
DeliveryDecision delivery_decision(const SendOutcome& outcome, const PartFacts& part,
                                   const DeliveryTiming& timing, double jitter);

/// True for what ends something that a person asked for: a doubled one beats a lost one.
bool is_final(MessageKind kind);

/// How often a call has failed so far, the latest failure included.
struct CallFailures {
  int all = 1;
  int by_server = 0;  ///< 5xx in the Bot API's own JSON, restarts included
};

/// The retry matrix for calls that may safely be made twice (set…, get…, chat actions): how long to wait
/// before the next try; nullopt to give up. Pure.
std::optional<std::chrono::milliseconds> repeat_after(const telegram::ApiError& error,
                                                      const CallFailures& failures,
                                                      const DeliveryTiming& timing, double jitter);

/// True for a 5xx in the Bot API's own JSON.
bool failed_by_server(const telegram::ApiError& error);

}  // namespace butler::gateway
