#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/job.hpp"
#include "gateway/access.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// A control command, or a button that does the same, on its way: who sent it, where, and until when an
/// answer is worth waiting for.
struct ControlRequest {
  std::int64_t update_id = 0;
  Lane lane = {};  ///< the chat and topic in which it was typed
  telegram::Message message = {};
  telegram::Person person = {};
  Speaker speaker = Speaker::nobody;
  wording::Language language = wording::Language::en;  ///< of the one who sent it
  std::chrono::steady_clock::time_point give_up{};
  bool quiet = false;                    ///< what it came to shows by itself: only a failure needs words
  std::optional<ButtonRow> button = {};  ///< that was pressed instead of typing
  std::string query_id = {};             ///< of the press

  /// What may be done follows from who asks, and where. Only for somebody whom we listen to.
  domain::Role role() const { return role_of(speaker).value_or(domain::Role::person); }
  domain::Place place() const { return place_of(message); }
  std::string person_id() const { return std::to_string(person.id); }
};

/// What a control command came to: a sentence, the end of a job, a new request, or some of them.
struct ControlResult {
  std::string text = {};
  std::optional<domain::Job> ended = {};   ///< its answer is also the command's
  std::optional<NewTurn> turn = {};        ///< to be stored with the end of the command
  std::string done = {};                   ///< the matter that is done with it: its buttons are used
  std::optional<Keyboard> keyboard = {};   ///< under the sentence
  std::string keyboard_job = {};           ///< whose end takes the keyboard away
  std::optional<Outgoing> elsewhere = {};  ///< what is said in another place
};

using ControlAnswer = boost::asio::awaitable<ControlResult>;

/// The answer that is a sentence and nothing more.
inline ControlAnswer say(std::string text) { co_return ControlResult{std::move(text)}; }

}  // namespace butler::gateway
