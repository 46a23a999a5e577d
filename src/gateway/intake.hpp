#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/chat_command.hpp"
#include "domain/permissions.hpp"
#include "domain/rate_limit.hpp"
#include "gateway/button_records.hpp"
#include "gateway/edits.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/open_texts.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"
#include "gateway/turn_media.hpp"
#include "gateway/wording_conversation.hpp"
#include "telegram/bot_api.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// The rules of the house.
struct IntakeRules {
  domain::PermissionRules permissions = {};
  domain::RateLimit rate_limit = {};
  std::size_t prompt_max_chars = 8'000;
  FileLimits files = {};
};

/// Who is told that there is work, once it is on disk.
struct WorkSignals {
  std::function<void(Lane)> turn_stored;
  std::function<void(std::int64_t chat_id)> control_kept;
  std::function<void(const std::string& job_id)> draft_stopped;  ///< a person pressed Stop under a draft
  std::function<void(const telegram::Update&, domain::Timestamp)> pressed;  ///< a button, in the open unit
  std::function<void(Outgoing, const Keyboard&)> queue_with_buttons;
  std::function<bool(std::string_view session_key)> is_busy;  ///< something works or waits there
  std::function<void()> owner_started;  ///< an owner pressed Start: their private chat can be written to now
};

/// How updates came.
enum class Arrival : std::uint8_t {
  polled,     ///< all that Telegram has from an offset on, in its order
  delivered,  ///< by the webhook: others that are older may still wait at Telegram
};

/// Takes updates into the inbox and decides at once what each asks for: a turn, a control command, an answer
/// of our own, or nothing. Synchronous: a batch, what it became and the offset are one commit.
class Intake {
 public:
  Intake(GatewayStore& store, OutboxSender& outbox, const People& people, Languages& languages,
         Pairing& pairing, OpenTexts& open_texts, Edits& edits, IntakeRules rules, telegram::Bot bot,
         WorkSignals signals)
      : store_(store),
        outbox_(outbox),
        people_(people),
        languages_(languages),
        pairing_(pairing),
        open_texts_(open_texts),
        edits_(edits),
        rules_(rules),
        bot_(std::move(bot)),
        signals_(std::move(signals)) {}

  /// Throws StoreFault when nothing of the batch was kept. An update that cannot be read or handled is kept
  /// as broken and holds nothing back.
  void take(const std::vector<telegram::RawUpdate>& batch, domain::Timestamp now,
            Arrival arrival = Arrival::polled);

 private:
  /// An update that somebody we listen to has sent.
  struct Said {
    std::int64_t update_id = 0;
    telegram::Message message = {};
    telegram::Person person = {};
    domain::Role role = domain::Role::person;  ///< what the person is to us; of a stranger it says nothing
    wording::Language language = wording::Language::en;
    domain::Timestamp now{};

    domain::Timestamp sent_at() const { return domain::Timestamp{std::chrono::seconds{message.date}}; }
    Lane lane() const { return {.chat_id = message.chat_id, .thread_id = message.thread_id}; }
  };

  /// Whether a request may wait for what its sender writes next, while something runs. (The rest of a cut
  /// text is waited for in any case.)
  enum class Waiting : std::uint8_t { for_more, no };
  using Understood = std::expected<domain::ChatText, std::string_view>;

  void take_one(const telegram::RawUpdate& raw, domain::Timestamp now);
  void decide(const telegram::RawUpdate& raw, domain::Timestamp now);
  void note_chat(const telegram::Update& update);
  void note_stop(const telegram::Update& update);
  void meet_stranger(const Said& said);
  void obey(const Said& said);
  /// Whether the message goes on with what its sender has begun: the rest of a cut text, an item of an album,
  /// one more of a burst.
  bool joins_open_turn(const Said& said, const Understood& text);
  /// Whether the message is for what runs, because it replies to that.
  bool steers(const Said& said, const Understood& text) const;
  Contribution contribution(const Said& said, const std::string& request, PartForm form) const;
  static TextPart text_part(const Said& said, const Contribution& one);
  void tell_of_missing_file(const Said& said, const IncomingFile& file, FileProblem problem);
  void obey_command(const Said& said, const domain::ChatText& text);
  /// False, and answered, when the one who said it may not do that here.
  bool allows(const Said& said, domain::Action action);
  void start(const Said& said, const std::string& payload);
  void list_or_invite(const Said& said, const std::string& action);
  void approve_pairing(const Said& said, const std::string& code);
  void keep_as_control(std::int64_t update_id, std::int64_t chat_id);
  void obey_settings(const Said& said, const std::string& arguments);
  void start_session(const Said& said, const std::string& prompt);
  wording::ChatSettings settings_of(const Said& said) const;
  void request_task(const Said& said, const std::string& text, PartForm form, Waiting waiting);
  void request_run(const Said& said, const std::string& command);
  void request_job(const Said& said, domain::JobKind kind, Contribution one, Waiting waiting);
  bool is_busy(Lane lane, const Session& session) const;
  /// False, and the person told so now and then, when they have asked for too much lately.
  bool within_rate(const Said& said);
  void answer(const Said& said, const std::string& text);
  Outgoing reply_to(const Said& said, const std::string& text) const;
  void drop(std::int64_t update_id, std::string_view why);
  std::string key(std::string_view prefix, std::int64_t update_id) const;

  GatewayStore& store_;
  OutboxSender& outbox_;
  const People& people_;
  Languages& languages_;
  Pairing& pairing_;
  OpenTexts& open_texts_;
  Edits& edits_;
  IntakeRules rules_;
  telegram::Bot bot_;
  WorkSignals signals_;
};

}  // namespace butler::gateway
