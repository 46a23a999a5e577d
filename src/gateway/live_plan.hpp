#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gateway/live_records.hpp"
#include "render/render.hpp"

/// When what is shown of a running job, and when it changes. Pure: the caller brings the time, what is shown
/// already and what could be shown now.
namespace butler::gateway {

/// Where it is shown.
enum class Surface : std::uint8_t {
  none,     ///< reaction and "typing…" only
  draft,    ///< a message that is being written, with Telegram's own Stop; private chats only
  message,  ///< one silent message that is edited
};

/// What a surface shows.
struct LiveView {
  Surface surface = Surface::none;
  bool answer = false;  ///< the text of the answer while it is written, and not only what is done

  bool operator==(const LiveView&) const = default;
};

/// How a mode looks in a chat. A chat that takes no drafts gets none, and no edited messages in their place.
LiveView live_view(LiveMode mode, bool private_chat, bool drafts_latched);

/// The numbers of the policy.
struct LiveRules {
  std::chrono::milliseconds first_in_private{2'500};  ///< an answer within that time needs no status
  std::chrono::milliseconds first_in_group{5'000};
  std::chrono::milliseconds between_drafts{1'000};
  std::chrono::milliseconds draft_renewal{20'000};  ///< Telegram lets a draft fade after 30 s
  std::chrono::milliseconds between_edits_in_private{1'500};
  std::chrono::milliseconds between_edits_in_group{4'000};
  int quick_edits = 20;  ///< of one message; then
  std::chrono::milliseconds between_later_edits{5'000};
  int most_edits = 60;     ///< of one message
  std::size_t worth = 20;  ///< characters that make a change of the text alone worth showing
  int most_failures = 3;   ///< in a row; then nothing more is shown in this turn
  double jitter = 0.1;     ///< of the time between two, upwards: the figures above are minima
  std::chrono::milliseconds draft_tick{5'000};     ///< how coarse the seconds are that are shown in a draft
  std::chrono::milliseconds message_tick{15'000};  ///< and in an edited message
  std::chrono::milliseconds precise_for{60'000};   ///< after that they are coarser
  int coarser_later = 4;                           ///< by that factor
  std::chrono::minutes longest_wait{10};  ///< for a decision, while a draft says that it is waited for
  std::chrono::milliseconds until_answer{5'000};  ///< so long a status message waits for what takes its place
  std::chrono::milliseconds until_draft{500};     ///< so long an answer waits for a draft that is on its way
  std::chrono::hours latch{24};                   ///< for how long a refusal of drafts is believed
};

/// What could be shown.
struct LiveContent {
  std::string status = {};  ///< what the agent does; any change of it is worth showing
  render::Part part = {};   ///< the whole, as it would be sent
};

/// What is shown of a job, and how that went.
struct LiveShown {
  using Time = std::chrono::steady_clock::time_point;

  LiveView view = {};
  bool private_chat = true;
  Time began{};        ///< when the turn did
  bool there = false;  ///< something of it is in the chat
  Time tried{};        ///< when it was last sent, or there was no room to do that
  double jitter = 0;   ///< drawn then, in [0, 1)
  LiveContent content = {};
  int edits = 0;
  int failures = 0;  ///< in a row
  bool off = false;  ///< for this turn: it was stopped, or Telegram said 429, or it failed too often
};

/// The earliest time at which something may be sent; nullopt: never again in this turn.
std::optional<LiveShown::Time> may_show_at(const LiveShown& shown, const LiveRules& rules);

/// Whether it is worth sending at a time when it may be sent.
bool is_worth_showing(const LiveShown& shown, const LiveContent& now, LiveShown::Time time,
                      const LiveRules& rules);

/// When to look again although nothing happens: because the seconds have moved, or a draft would fade.
/// nullopt: never.
std::optional<LiveShown::Time> look_again_at(const LiveShown& shown, LiveShown::Time now,
                                             const LiveRules& rules);

/// How coarse the seconds are of something that has taken that long.
std::chrono::milliseconds tick(const LiveView& view, std::chrono::milliseconds age, const LiveRules& rules);

/// What a call that showed something came to.
enum class LiveOutcome : std::uint8_t {
  shown,
  dismissed,     ///< a message of ours came meanwhile, and has taken the draft's place
  refused,       ///< 400, and it will be refused again
  hopeless,      ///< refused too, but that says nothing about the next turn
  flooded,       ///< 429
  unknown_send,  ///< a new message may be there, and nobody knows its id
  failed,        ///< anything else: the same may work later
};

/// Notes it. True when the chat takes no drafts, which is to be remembered.
bool note_outcome(LiveShown& shown, LiveOutcome outcome, const LiveRules& rules);

}  // namespace butler::gateway
