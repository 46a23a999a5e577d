#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "domain/embedded_file.hpp"
#include "gateway/gateway_store.hpp"
#include "sqlite/database.hpp"
#include "sqlite/file_lock.hpp"

namespace butler::gateway {

/// The files of schema/gateway/, in order.
std::span<const domain::EmbeddedFile> gateway_migrations();

/// gateway.db, opened and locked for this process, with the newest schema.
struct GatewayDatabase {
  sqlite::FileLock lock;
  sqlite::Database database;

  /// Makes the home (0700) and the file when they are missing. Throws what sqlite::FileLock, Database::open
  /// and migrate throw: sentences that name the file.
  static GatewayDatabase open(const std::filesystem::path& home, domain::Timestamp now);
};

/// The GatewayStore in gateway.db.
class SqliteGatewayStore final : public GatewayStore {
 public:
  SqliteGatewayStore(GatewayDatabase& gateway, std::int64_t bot_id)
      : database_(gateway.database), bot_id_(bot_id) {}

  void unit(const std::function<void()>& changes) override;
  void after_commit(std::function<void()> action) override;

  std::int64_t next_offset() override;
  void set_next_offset(std::int64_t offset) override;
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
  void extend_turn(std::int64_t turn_id, const std::string& body, std::int64_t update_id) override;
  std::optional<Turn> open_turn(Lane lane, std::int64_t requester_id) override;
  std::optional<Turn> next_open_turn() override;

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

 private:
  void outer_unit(const std::function<void()>& changes);
  void inner_unit(const std::function<void()>& changes);
  /// Runs changes as a part of the open unit, or as one of their own.
  void change(const std::function<void()>& changes);
  /// Runs one statement that changes exactly one row; a bug otherwise.
  void change_row(std::string_view what, sqlite::Statement& bound);
  void tie_update(std::int64_t update_id, std::int64_t turn_id);
  std::optional<Session> find_session(Lane lane);
  void put_session(Lane lane, const Session& session);
  void move_sessions(std::int64_t from, std::int64_t to);

  sqlite::Database& database_;
  std::int64_t bot_id_;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace butler::gateway
