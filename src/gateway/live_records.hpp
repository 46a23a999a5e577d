#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/timestamp.hpp"
#include "gateway/lane.hpp"

namespace butler::gateway {

/// What a chat sees of a job while it runs.
enum class LiveMode : std::uint8_t {
  off,     ///< a reaction and "typing…", nothing more
  status,  ///< what the agent does, in one line
  draft,   ///< the answer while it is written, as a draft; in groups as `status`
  edit,    ///< the answer while it is written, in one message that is edited
};

/// What is, or may be, shown of a job: to be taken out of the chat when the job is over.
struct LiveRow {
  std::string job_id = {};
  Lane lane = {};
  std::int64_t reacted_to = 0;                  ///< the person's message under our reaction; 0 for none
  std::int64_t draft_id = 0;                    ///< never 0
  std::optional<std::int64_t> message_id = {};  ///< of the status message, once Telegram has it
  int edits = 0;

  bool operator==(const LiveRow&) const = default;
};

/// The gateway's memory of what it shows of running jobs, and of how chats want to see it. The contract of
/// GatewayStore holds: every call is atomic, on disk when it returns, and part of an open unit.
class LiveRecords {
 public:
  virtual ~LiveRecords() = default;

  /// nullopt for a chat that has chosen nothing.
  virtual std::optional<LiveMode> live_mode(std::int64_t chat_id) = 0;
  virtual void set_live_mode(std::int64_t chat_id, LiveMode mode, std::int64_t person_id,
                             domain::Timestamp now) = 0;

  /// The row as it is when there is one already.
  virtual LiveRow add_live(const LiveRow& row, domain::Timestamp now) = 0;
  virtual void set_live_message(const std::string& job_id, std::int64_t message_id) = 0;
  virtual void set_live_edits(const std::string& job_id, int edits) = 0;
  virtual void remove_live(const std::string& job_id) = 0;
  virtual std::optional<LiveRow> live(const std::string& job_id) = 0;
  virtual std::optional<LiveRow> live_of_draft(std::int64_t chat_id, std::int64_t draft_id) = 0;
  virtual std::optional<LiveRow> live_of_message(std::int64_t chat_id, std::int64_t message_id) = 0;
  /// Of jobs whose answer is in the outbox, or that nobody knows.
  virtual std::vector<LiveRow> live_left_over() = 0;

  /// Telegram takes no drafts for the chat until then.
  virtual void latch_drafts(std::int64_t chat_id, domain::Timestamp until, std::string_view reason) = 0;
  virtual bool drafts_latched(std::int64_t chat_id, domain::Timestamp now) = 0;
};

}  // namespace butler::gateway
