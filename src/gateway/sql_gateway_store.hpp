#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "domain/embedded_file.hpp"
#include "gateway/gateway_store.hpp"
#include "sql/database.hpp"
#include "sqlite/file_lock.hpp"

namespace butler::postgres {
class Connection;
}

namespace butler::gateway {

/// The files of schema/gateway/, in order.
std::span<const domain::EmbeddedFile> gateway_migrations();
/// The files of schema/gateway/postgres/, in order.
std::span<const domain::EmbeddedFile> gateway_postgres_migrations();

/// The gateway's state, opened and locked for this process, with the newest schema.
struct GatewayDatabase {
  std::optional<sqlite::FileLock> lock;  ///< of the file; a server's lock goes with the connection
  std::unique_ptr<sql::Database> database;
  postgres::Connection* server = nullptr;  ///< of `database`, when it is one of a server: GatewayLock::open()

  /// gateway.db in the home. Makes the home (0700) and the file when they are missing. Throws what
  /// sqlite::FileLock, Database::open and migrate throw: sentences that name the file.
  static GatewayDatabase open(const std::filesystem::path& home, domain::Timestamp now);
};

/// The GatewayStore in SQLite or PostgreSQL.
class SqlGatewayStore final : public GatewayStore {
 public:
  SqlGatewayStore(GatewayDatabase& gateway, std::int64_t bot_id)
      : database_(*gateway.database), bot_id_(bot_id) {}

  void unit(const std::function<void()>& changes) override;
  void after_commit(std::function<void()> action) override;

  std::int64_t next_offset() override;
  void set_next_offset(std::int64_t offset) override;
  void forget_offset() override;
  bool add_update(const InboxUpdate& update, domain::Timestamp now) override;
  void keep_as_control(std::int64_t update_id, std::int64_t chat_id) override;
  void end_update(std::int64_t update_id, InboxState state, std::string_view note) override;
  std::optional<InboxUpdate> first_control(std::int64_t chat_id) override;
  std::vector<std::int64_t> chats_with_controls() override;

  Session session(Lane lane, domain::Timestamp now) override;
  Session rotate_session(Lane lane, domain::Timestamp now) override;

  std::int64_t add_turn(const NewTurn& turn, const std::vector<std::int64_t>& update_ids,
                        domain::Timestamp now) override;
  std::optional<Turn> first_stored_turn(Lane lane) override;
  std::vector<Lane> lanes_with_stored_turns() override;
  std::size_t count_stored_turns(std::int64_t chat_id) override;
  void note_job(std::int64_t turn_id, const std::string& job_id, domain::Timestamp now) override;
  void refuse_turn(std::int64_t turn_id, domain::Timestamp now) override;
  void answer_turn(const std::string& job_id, domain::Timestamp now) override;
  void set_denied(const std::string& job_id, bool denied) override;
  std::optional<Turn> turn_of_job(const std::string& job_id) override;
  std::vector<KnownJob> known_jobs(const JobScope& scope, std::size_t limit) override;
  std::vector<Turn> waiting_untold(std::size_t limit) override;
  void set_told_waiting(Lane lane) override;

  void put_open_text(std::int64_t turn_id, const OpenText& open) override;
  void end_open_text(std::int64_t turn_id, domain::Timestamp now) override;
  void extend_turn(std::int64_t turn_id, const std::string& body, const std::vector<TurnPart>& parts,
                   std::int64_t update_id) override;
  std::optional<Turn> open_turn(Lane lane, std::int64_t requester_id) override;
  std::optional<Turn> next_open_turn() override;

  std::vector<TurnPart> turn_parts(std::int64_t turn_id) override;
  std::optional<Turn> turn_of_message(std::int64_t chat_id, std::int64_t message_id,
                                      std::int64_t requester_id) override;
  void change_turn(std::int64_t turn_id, const std::string& body, const TurnPart& part) override;
  bool has_stored_turn(Lane lane) override;
  std::optional<Turn> turn(std::int64_t turn_id) override;
  bool has_turns_behind(const Turn& turn) override;
  std::int64_t last_turn_id() override;
  void put_edit(const Edit& edit) override;
  std::optional<Edit> first_edit(Lane lane) override;
  std::vector<Edit> edits_of(std::int64_t turn_id) override;
  std::vector<Lane> lanes_with_edits() override;
  void remove_edit(std::int64_t edit_id) override;
  std::int64_t replace_turn(std::int64_t turn_id, const NewTurn& turn, domain::Timestamp now) override;
  std::optional<std::string> job_told_in(std::int64_t chat_id, std::int64_t message_id) override;

  bool add_outgoing(const Outgoing& message, FirstPart first, domain::Timestamp now) override;
  std::optional<OutboxRow> first_unsent(std::int64_t chat_id) override;
  std::vector<std::int64_t> chats_with_unsent() override;
  void mark_sending(std::int64_t row_id, domain::Timestamp now) override;
  void mark_sent(std::int64_t row_id, std::int64_t message_id, domain::Timestamp now) override;
  void mark_pending(std::int64_t row_id, domain::Timestamp next_at, int restarts,
                    std::string_view error) override;
  void mark_uncertain(std::int64_t row_id, std::optional<domain::Timestamp> retry_at, std::string_view error,
                      domain::Timestamp now) override;
  void mark_dead(std::int64_t row_id, std::string_view error, domain::Timestamp now) override;
  void replace_part(std::int64_t row_id, const std::string& payload, Lane to, domain::Timestamp now) override;
  std::size_t recover_sending(domain::Timestamp retry_at) override;
  void move_chat(std::int64_t from, std::int64_t to) override;
  std::vector<SentMessage> sent_since(domain::Timestamp since) override;
  std::int64_t current_chat(std::int64_t chat_id) override;
  void withdraw_notices(const std::string& job_id) override;
  Seen seen_before(std::string_view source, std::int64_t chat_id, std::int64_t message_id) override;

  bool park_chat(std::int64_t chat_id, std::string_view reason, domain::Timestamp now) override;
  bool revive_chat(std::int64_t chat_id, domain::Timestamp now) override;
  std::vector<ParkedChat> parked_chats() override;
  std::size_t give_up_parked(domain::Timestamp before, domain::Timestamp now) override;

  std::vector<DeadLetter> dead_letters(std::size_t limit) override;
  std::optional<std::int64_t> retry_dead_letter(std::int64_t id, domain::Timestamp now) override;
  bool discard_dead_letter(std::int64_t id, domain::Timestamp now) override;
  StoreDepths depths() override;

  std::vector<Turn> open_turns() override;
  void set_told_state(std::int64_t turn_id) override;

  std::optional<std::string> fact(std::string_view name) override;
  void set_fact(std::string_view name, std::string_view value) override;
  void remove_fact(std::string_view name) override;
  std::vector<std::string> facts_that_begin(std::string_view prefix) override;
  void prune(domain::Timestamp now) override;

  std::vector<PairedPerson> paired_people() override;
  bool is_paired(std::int64_t person_id) override;
  void add_paired(const PairedPerson& person) override;
  bool remove_paired(std::int64_t person_id) override;
  std::int64_t add_pairing_code(const PairingCode& code) override;
  std::vector<PairingCode> pairing_codes(domain::Timestamp now) override;
  void remove_pairing_code(std::int64_t row_id) override;
  void remove_pairing_codes_of(std::int64_t person_id) override;
  void add_wrong_code(std::int64_t person_id, domain::Timestamp now) override;
  WrongCodes wrong_codes(std::int64_t person_id, domain::Timestamp since) override;
  bool may_tell(Telling what, std::int64_t person_id, domain::Timestamp since,
                domain::Timestamp now) override;
  std::vector<domain::Timestamp> requests_since(std::int64_t person_id, domain::Timestamp since) override;

  bool add_approval(const AskedApproval& approval, const std::vector<ApprovalPlace>& places) override;
  bool end_approval(const std::string& approval_id, domain::Timestamp now) override;
  std::optional<AskedApproval> approval(const std::string& approval_id) override;
  std::vector<ApprovalPlace> approval_places(const std::string& approval_id) override;
  std::vector<AskedApproval> approvals(const JobScope& scope, std::size_t limit) override;
  std::vector<AskedApproval> waiting_approvals(const JobScope& scope) override;
  std::vector<AskedApproval> waiting_approvals_of(const std::string& job_id) override;
  void note_approval_command(const ApprovalCommand& command) override;
  std::optional<ApprovalCommand> approval_command(std::int64_t update_id) override;
  std::optional<std::string> decider_name(const std::string& approval_id, std::int64_t person_id) override;

  void add_turn_files(std::int64_t turn_id, const std::vector<TurnFile>& files) override;
  std::vector<TurnFile> turn_files(std::int64_t turn_id) override;
  std::vector<WaitingFile> waiting_files(std::size_t limit) override;
  void end_file(std::int64_t turn_id, std::size_t number, FileState state, std::string_view problem) override;
  void add_file_check(const FileCheck& check) override;
  std::optional<FileCheck> first_file_check() override;
  void end_file_check(const std::string& job_id) override;
  std::int64_t add_keyboard(const Audience& audience, const std::vector<ButtonRow>& buttons,
                            domain::Timestamp now) override;
  void remove_keyboard(std::int64_t keyboard_id) override;
  std::optional<KeyboardRow> keyboard(std::int64_t keyboard_id) override;
  std::optional<KeyboardRow> keyboard_of(std::int64_t chat_id, std::int64_t message_id) override;
  std::optional<ButtonRow> button(std::string_view token) override;
  std::vector<ButtonRow> buttons_of(std::int64_t keyboard_id) override;
  void bind_keyboard(std::int64_t keyboard_id, Lane lane, std::int64_t message_id) override;
  bool add_press(const ButtonPress& press) override;
  std::optional<ButtonPress> press_in(std::string_view matter) override;
  std::optional<ButtonPress> press_by(std::int64_t update_id) override;
  void remove_press(std::int64_t update_id) override;
  void use_buttons(std::string_view matter, const std::optional<std::string>& label) override;
  std::vector<KeyboardRow> drop_button_labels(std::string_view matter) override;
  std::vector<KeyboardRow> open_keyboards(std::string_view matter) override;
  std::vector<KeyboardRow> open_keyboards_of_job(std::string_view job_id) override;
  std::vector<KeyboardRow> expired_keyboards(domain::Timestamp now) override;
  std::optional<domain::Timestamp> next_expiry() override;
  void end_keyboard(std::int64_t keyboard_id, std::string_view outcome) override;
  std::vector<std::int64_t> chats_with_keyboards_to_show() override;
  std::optional<KeyboardRow> keyboard_to_show(std::int64_t chat_id) override;
  void set_shown(std::int64_t keyboard_id) override;
  void show_again(std::int64_t keyboard_id) override;

  std::string language_code(std::int64_t chat_id) override;
  void set_language_code(std::int64_t chat_id, std::string_view code, domain::Timestamp now) override;

  std::optional<LiveMode> live_mode(std::int64_t chat_id) override;
  void set_live_mode(std::int64_t chat_id, LiveMode mode, std::int64_t person_id,
                     domain::Timestamp now) override;
  LiveRow add_live(const LiveRow& row, domain::Timestamp now) override;
  void set_live_message(const std::string& job_id, std::int64_t message_id) override;
  void set_live_edits(const std::string& job_id, int edits) override;
  void remove_live(const std::string& job_id) override;
  std::optional<LiveRow> live(const std::string& job_id) override;
  std::optional<LiveRow> live_of_draft(std::int64_t chat_id, std::int64_t draft_id) override;
  std::optional<LiveRow> live_of_message(std::int64_t chat_id, std::int64_t message_id) override;
  std::vector<LiveRow> live_left_over() override;
  void latch_drafts(std::int64_t chat_id, domain::Timestamp until, std::string_view reason) override;
  bool drafts_latched(std::int64_t chat_id, domain::Timestamp now) override;

 private:
  /// Runs changes as a part of the open unit, or as one of their own.
  void change(const std::function<void()>& changes);
  /// Runs one statement that changes exactly one row; a bug otherwise.
  void change_row(std::string_view what, sql::Statement& bound);
  /// Runs an INSERT … RETURNING id.
  static std::int64_t insert(sql::Statement& bound);
  void tie_update(std::int64_t update_id, std::int64_t turn_id);
  void add_turn_part(std::int64_t turn_id, const TurnPart& part);
  void set_body(std::int64_t turn_id, const std::string& body);
  std::optional<Session> find_session(Lane lane);
  void put_session(Lane lane, const Session& session);
  void move_sessions(std::int64_t from, std::int64_t to);
  void drop_replies(std::int64_t chat_id);
  void move_keyboards(std::int64_t from, std::int64_t to);
  void prune_keyboards(domain::Timestamp before);

  sql::Database& database_;
  std::int64_t bot_id_;
  bool in_unit_ = false;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace butler::gateway
