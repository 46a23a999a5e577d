#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job.hpp"
#include "domain/timestamp.hpp"
#include "gateway/approval_records.hpp"
#include "gateway/button_records.hpp"
#include "gateway/file_records.hpp"
#include "gateway/gathering.hpp"
#include "gateway/job_scope.hpp"
#include "gateway/lane.hpp"
#include "gateway/language_records.hpp"
#include "gateway/live_records.hpp"
#include "gateway/people_records.hpp"
#include "gateway/turn_parts.hpp"

namespace butler::gateway {

enum class InboxState : std::uint8_t {
  received,  ///< nothing is decided yet
  in_turn,   ///< part of a turn whose job is not known yet
  control,   ///< a command that needs the orchestrator's answer
  done,
  dropped,  ///< foreign, or from somebody we do not listen to
  broken,   ///< could not be read or handled
};

/// An update in the inbox.
struct InboxUpdate {
  std::int64_t update_id = 0;
  std::string raw = {};
};

/// A conversation's present session with the agent.
struct Session {
  std::int64_t generation = 1;
  std::string key = {};
  domain::Timestamp since{};  ///< when it became the present one

  bool operator==(const Session&) const = default;
};

enum class TurnState : std::uint8_t {
  stored,    ///< the job is still to be created
  created,   ///< the job is known, its answer is not here
  answered,  ///< the answer is in the outbox
  refused,   ///< the orchestrator did not take it, and the person was told
};

struct NewTurn {
  std::string idempotency_key = {};
  Lane lane = {};
  std::int64_t requester_id = 0;
  std::int64_t message_id = 0;
  domain::JobKind kind = domain::JobKind::task;
  std::string body = {};
  std::optional<domain::Timestamp> sent_at = {};  ///< when the person asked; unset: not counted as a request
  std::vector<TurnPart> parts = {};               ///< to be stored with it; a turn that is read has none
  std::vector<TurnFile> files = {};               ///< to be fetched for its job; not read back with the turn
};

/// One request of a person on its way to becoming a job, and after.
struct Turn : NewTurn {
  std::int64_t id = 0;
  TurnState state = TurnState::stored;
  std::optional<std::string> job_id = {};
  bool denied = false;                     ///< somebody said /deny
  bool told_state = false;                 ///< the person knows that it waits, and for what
  domain::Timestamp created_at{};          ///< when its text was complete, or began if it is not
  std::optional<OpenText> open_text = {};  ///< set while its text may still go on
};

/// A message that its sender has changed, and whose turn may be the orchestrator's already.
struct Edit {
  std::int64_t id = 0;
  std::int64_t turn_id = 0;
  std::int64_t message_id = 0;
  std::int64_t update_id = 0;
  std::string text = {};  ///< what the message gives to the prompt now

  bool operator==(const Edit&) const = default;
};

/// A job that came from a chat.
struct KnownJob {
  std::string job_id = {};
  Lane lane = {};
  std::int64_t requester_id = 0;
  bool answered = false;  ///< its answer is in the outbox
};

/// What a message is; decides what happens when nobody knows whether it arrived.
enum class MessageKind : std::uint8_t {
  answer,    ///< ends something that a person asked for: a doubled one beats a lost one
  failure,   ///< likewise, and says that it did not work
  notice,    ///< says something in between
  approval,  ///< asks for a decision: never twice
};

/// A message for a chat, in as many parts as it needs.
struct Outgoing {
  std::string source = {};  ///< the job id, or a key that is unique for this notice
  MessageKind kind = MessageKind::answer;
  Lane to = {};
  std::vector<std::string> payloads = {};  ///< JSON of telegram::message_payload(), one per part
  std::string about = {};                  ///< of a notice: the job it tells of, whose end makes it pointless
};

/// Whether the first part of a message goes out at once, so that no second commit is needed to say so.
enum class FirstPart : std::uint8_t { waits, is_being_sent };

enum class OutboxState : std::uint8_t {
  pending,
  sending,    ///< bytes may have left
  sent,       ///< Telegram has it
  uncertain,  ///< nobody knows
  dead,       ///< Telegram will never take it
  discarded,  ///< was dead or uncertain, and the operator let it go
};

/// One part on its way.
struct OutboxRow {
  std::int64_t id = 0;
  std::string source = {};
  std::int64_t part = 0;
  MessageKind kind = MessageKind::answer;
  Lane to = {};
  std::string payload = {};
  OutboxState state = OutboxState::pending;
  int attempts = 0;  ///< how often it was given to Telegram, this time included while `sending`
  int restarts = 0;
  int unknown_outcomes = 0;
  domain::Timestamp next_at{};
};

/// Whether somebody who wrote a message can have seen one of ours.
enum class Seen : std::uint8_t {
  no,
  soon_known,  ///< it is being sent, or was, and Telegram's answer is on its way
  yes,
};

/// That something was sent to a chat, and when.
struct SentMessage {
  std::int64_t chat_id = 0;
  domain::Timestamp at{};
};

/// A part that was given up: Telegram refused it, its chat took nothing for too long, or nobody knows whether
/// it arrived.
struct DeadLetter {
  std::int64_t id = 0;
  std::string source = {};
  std::int64_t part = 0;
  MessageKind kind = MessageKind::answer;
  Lane to = {};
  OutboxState state = OutboxState::dead;  ///< dead or uncertain
  std::string reason = {};
  std::string payload = {};
  domain::Timestamp given_up_at{};
};

/// A chat that takes nothing from us: what waits for it is kept.
struct ParkedChat {
  std::int64_t chat_id = 0;
  std::string reason = {};  ///< Telegram's words
  domain::Timestamp parked_at{};
};

/// How much is in the store.
struct StoreDepths {
  std::int64_t inbox = 0;         ///< updates that are not dealt with
  std::int64_t stored_turns = 0;  ///< turns whose job is not known
  std::int64_t open_turns = 0;    ///< turns whose job has not ended
  std::int64_t outbox = 0;        ///< parts still to be sent, those of parked chats included
  std::int64_t parked_chats = 0;
  std::int64_t dead_letters = 0;
};

/// A change that was provably not made: the same may be tried again later.
class StoreFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Durable memory of the gateway, for one bot. One process writes.
///
/// Every call is atomic and on disk when it returns, unless it stands inside a unit(). Outcomes come back as
/// values. StoreFault when a change was not made; any other exception means that its outcome is not known, or
/// a bug: the process has to end and start from what is on disk.
class GatewayStore : public PeopleRecords,
                     public ApprovalRecords,
                     public FileRecords,
                     public LanguageRecords,
                     public LiveRecords,
                     public ButtonRecords {
 public:
  /// Runs the changes as one: all of them are on disk when it returns, none when it throws. Units nest; an
  /// inner one that throws undoes only what it did itself.
  virtual void unit(const std::function<void()>& changes) = 0;

  /// Has `action` done once the changes of the open unit are on disk, or at once when none is open. Forgotten
  /// when the unit throws, or the inner one that it was asked for in. What leaves the process, or starts
  /// something that does, belongs here.
  virtual void after_commit(std::function<void()> action) = 0;

  // The inbox.
  /// The offset for the next getUpdates; 0 when this bot never had an update.
  virtual std::int64_t next_offset() = 0;
  virtual void set_next_offset(std::int64_t offset) = 0;
  /// The next getUpdates begins at the oldest update that Telegram has.
  virtual void forget_offset() = 0;
  /// False when the update is known already.
  virtual bool add_update(const InboxUpdate& update, domain::Timestamp now) = 0;
  virtual void keep_as_control(std::int64_t update_id, std::int64_t chat_id) = 0;
  /// Ends an update as done, dropped or broken.
  virtual void end_update(std::int64_t update_id, InboxState state, std::string_view note) = 0;
  /// The oldest control command of a chat.
  virtual std::optional<InboxUpdate> first_control(std::int64_t chat_id) = 0;
  virtual std::vector<std::int64_t> chats_with_controls() = 0;

  // Sessions.
  /// The lane's session; generation 1 is made when there is none.
  virtual Session session(Lane lane, domain::Timestamp now) = 0;
  /// Makes the next generation the lane's present session.
  virtual Session rotate_session(Lane lane, domain::Timestamp now) = 0;

  // Turns.
  /// Stores the turn and ties the updates to it. Returns its id.
  virtual std::int64_t add_turn(const NewTurn& turn, const std::vector<std::int64_t>& update_ids,
                                domain::Timestamp now) = 0;
  /// The oldest turn of the lane without a job; none while that one's text may still go on.
  virtual std::optional<Turn> first_stored_turn(Lane lane) = 0;
  virtual std::vector<Lane> lanes_with_stored_turns() = 0;
  virtual std::size_t count_stored_turns(std::int64_t chat_id) = 0;
  /// The job of a turn is known: its updates are done. The turn is answered if its answer came first.
  virtual void note_job(std::int64_t turn_id, const std::string& job_id, domain::Timestamp now) = 0;
  virtual void refuse_turn(std::int64_t turn_id, domain::Timestamp now) = 0;
  virtual void answer_turn(const std::string& job_id, domain::Timestamp now) = 0;
  virtual void set_denied(const std::string& job_id, bool denied) = 0;
  virtual std::optional<Turn> turn_of_job(const std::string& job_id) = 0;
  /// The jobs of the scope, newest first.
  virtual std::vector<KnownJob> known_jobs(const JobScope& scope, std::size_t limit) = 0;
  /// Turns that wait for their job and whose person was not told that they do, oldest first.
  virtual std::vector<Turn> waiting_untold(std::size_t limit) = 0;
  /// Of all in the lane that wait now.
  virtual void set_told_waiting(Lane lane) = 0;

  // Texts that may still go on.
  virtual void put_open_text(std::int64_t turn_id, const OpenText& open) = 0;
  /// The text is complete: the turn may become a job, and is as old as `now`.
  virtual void end_open_text(std::int64_t turn_id, domain::Timestamp now) = 0;
  /// Gives a turn another body, to which one more update has added these parts.
  virtual void extend_turn(std::int64_t turn_id, const std::string& body, const std::vector<TurnPart>& parts,
                           std::int64_t update_id) = 0;
  /// The turn of the person in the lane whose text may still go on.
  virtual std::optional<Turn> open_turn(Lane lane, std::int64_t requester_id) = 0;
  /// The one that is due first.
  virtual std::optional<Turn> next_open_turn() = 0;

  // The messages of turns, and what their senders made of them later.
  /// In their order.
  virtual std::vector<TurnPart> turn_parts(std::int64_t turn_id) = 0;
  /// The latest turn that a message of the person is part of.
  virtual std::optional<Turn> turn_of_message(std::int64_t chat_id, std::int64_t message_id,
                                              std::int64_t requester_id) = 0;
  /// A message of a stored turn gives another text to it now.
  virtual void change_turn(std::int64_t turn_id, const std::string& body, const TurnPart& part) = 0;
  virtual bool has_stored_turn(Lane lane) = 0;
  virtual std::optional<Turn> turn(std::int64_t turn_id) = 0;
  /// Whether a later turn of its lane waits or works.
  virtual bool has_turns_behind(const Turn& turn) = 0;
  /// 0 when there was none.
  virtual std::int64_t last_turn_id() = 0;
  /// A later edit of the same message takes the place of one that waits.
  virtual void put_edit(const Edit& edit) = 0;
  /// The oldest edit of the lane whose turn is not stored any more.
  virtual std::optional<Edit> first_edit(Lane lane) = 0;
  /// Of a turn, whatever has become of it.
  virtual std::vector<Edit> edits_of(std::int64_t turn_id) = 0;
  virtual std::vector<Lane> lanes_with_edits() = 0;
  virtual void remove_edit(std::int64_t edit_id) = 0;
  /// Stores the turn in the place of another, whose job is over: its messages and other edits are the new
  /// one's. Returns the new one's id.
  virtual std::int64_t replace_turn(std::int64_t turn_id, const NewTurn& turn, domain::Timestamp now) = 0;
  /// The job of which a notice told that has this id in the chat.
  virtual std::optional<std::string> job_told_in(std::int64_t chat_id, std::int64_t message_id) = 0;

  // The outbox.
  /// False when messages of this source are there already; nothing is added then.
  virtual bool add_outgoing(const Outgoing& message, FirstPart first, domain::Timestamp now) = 0;
  /// The part of a chat that is to go next: one that is being sent; else the oldest that is neither sent nor
  /// given up, notices (which have one part only) after all others.
  virtual std::optional<OutboxRow> first_unsent(std::int64_t chat_id) = 0;
  virtual std::vector<std::int64_t> chats_with_unsent() = 0;
  virtual void mark_sending(std::int64_t row_id, domain::Timestamp now) = 0;
  virtual void mark_sent(std::int64_t row_id, std::int64_t message_id, domain::Timestamp now) = 0;
  /// Not sent; to be tried again from `next_at` on. `restarts` counts from now on.
  virtual void mark_pending(std::int64_t row_id, domain::Timestamp next_at, int restarts,
                            std::string_view error) = 0;
  /// Nobody knows whether it was sent; tried again from `retry_at` on, or left so.
  virtual void mark_uncertain(std::int64_t row_id, std::optional<domain::Timestamp> retry_at,
                              std::string_view error, domain::Timestamp now) = 0;
  virtual void mark_dead(std::int64_t row_id, std::string_view error, domain::Timestamp now) = 0;
  /// Another form of the same part, to be sent at once.
  virtual void replace_part(std::int64_t row_id, const std::string& payload, Lane to,
                            domain::Timestamp now) = 0;
  /// Parts that were being sent when the last process ended: uncertain now, answers tried again from
  /// `retry_at` on. Returns how many.
  virtual std::size_t recover_sending(domain::Timestamp retry_at) = 0;
  /// A group became a supergroup: everything that names the chat names the new one.
  virtual void move_chat(std::int64_t from, std::int64_t to) = 0;

  /// What went out lately, oldest first: Telegram still counts it.
  virtual std::vector<SentMessage> sent_since(domain::Timestamp since) = 0;
  /// Where a chat goes on: itself, or the supergroup that it became.
  virtual std::int64_t current_chat(std::int64_t chat_id) = 0;
  /// Takes back the notices about a job that nobody has tried to send yet.
  virtual void withdraw_notices(const std::string& job_id) = 0;
  /// Whether the first part of a message stands in this chat before that message there.
  virtual Seen seen_before(std::string_view source, std::int64_t chat_id, std::int64_t message_id) = 0;

  // Chats that take nothing.
  /// False when it was parked already.
  virtual bool park_chat(std::int64_t chat_id, std::string_view reason, domain::Timestamp now) = 0;
  /// What waits for the chat is due at once. False when it was not parked.
  virtual bool revive_chat(std::int64_t chat_id, domain::Timestamp now) = 0;
  virtual std::vector<ParkedChat> parked_chats() = 0;
  /// Parts for parked chats that were added before `before` are dead, and notices gone. Returns how many are
  /// dead.
  virtual std::size_t give_up_parked(domain::Timestamp before, domain::Timestamp now) = 0;

  // Dead letters, for the operator.
  /// Oldest first.
  virtual std::vector<DeadLetter> dead_letters(std::size_t limit) = 0;
  /// Sends the part again, as if it was new: the chat it goes to, or nullopt when there is no such dead
  /// letter.
  virtual std::optional<std::int64_t> retry_dead_letter(std::int64_t id, domain::Timestamp now) = 0;
  /// False when there is no such dead letter.
  virtual bool discard_dead_letter(std::int64_t id, domain::Timestamp now) = 0;
  virtual StoreDepths depths() = 0;

  // Turns whose job has not ended, and what their people were told of it.
  virtual std::vector<Turn> open_turns() = 0;
  virtual void set_told_state(std::int64_t turn_id) = 0;

  // Facts.
  virtual std::optional<std::string> fact(std::string_view name) = 0;
  virtual void set_fact(std::string_view name, std::string_view value) = 0;
  virtual void remove_fact(std::string_view name) = 0;
  /// The names that begin so.
  virtual std::vector<std::string> facts_that_begin(std::string_view prefix) = 0;

  /// Forgets what is over and older than the time in which it can still matter.
  virtual void prune(domain::Timestamp now) = 0;
};

}  // namespace butler::gateway
