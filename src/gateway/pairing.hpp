#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/buttons.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/pairing_rules.hpp"
#include "gateway/people.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// How people get in: codes that strangers get and owners approve, and invitations. Decides by
/// pairing_rules.hpp, keeps it all in rows, and tells everybody concerned in their private chats. All but
/// remove() are called inside a unit of the store.
class Pairing {
 public:
  /// What the one who wrote hears; nullopt for nothing at all.
  using Reply = std::optional<std::string>;

  Pairing(GatewayStore& store, OutboxSender& outbox, Buttons& buttons, People& people, Languages& languages,
          telegram::Bot bot, PairingLimits limits = {})
      : store_(store),
        outbox_(outbox),
        buttons_(buttons),
        people_(people),
        languages_(languages),
        bot_(std::move(bot)),
        limits_(limits) {}

  /// A stranger wrote. `asks`: they pressed Start.
  Reply meet(const telegram::Person& stranger, bool asks, domain::Timestamp now);

  /// Somebody presents a code, typed or by a deep link.
  Reply present(const telegram::Person& presenter, std::string_view typed, domain::Timestamp now);

  /// An owner decides, without typing it, about who asked for this code. What they hear; nullopt when it is
  /// no code any more.
  Reply let_in_asker(const telegram::Person& owner, std::string_view code, domain::Timestamp now);
  Reply refuse_asker(const telegram::Person& owner, std::string_view code, domain::Timestamp now);

  /// An invitation of this owner, for one person.
  std::string invite(std::int64_t owner_id, domain::Timestamp now);

  /// Who waits, and who is in.
  std::string list(wording::Language language, domain::Timestamp now);

  /// Lets the one in who asked for this code, on the word of the machine's operator. False when there is no
  /// such code.
  bool approve_as_operator(std::string_view typed, domain::Timestamp now);

  /// Nobody from now on, and without a code. False when they were not paired; the configuration may still
  /// name them.
  bool remove(std::int64_t person_id);

 private:
  Reply obey(const CodeDecision& decision, const telegram::Person& presenter, domain::Timestamp now);
  std::string let_in(const PairingCode& code, const telegram::Person& person,
                     std::optional<std::int64_t> paired_by, std::string_view by_name, domain::Timestamp now);
  std::optional<PairingCode> asked_for(std::string_view code, domain::Timestamp now);
  /// What this person asked for needs no decision any more.
  void forget_codes_of(std::int64_t person_id, const Buttons::Label& outcome, domain::Timestamp now);
  std::string new_code();
  void tell(std::int64_t person_id, const std::string& source, MessageKind kind, const std::string& text);

  GatewayStore& store_;
  OutboxSender& outbox_;
  Buttons& buttons_;
  People& people_;
  Languages& languages_;
  telegram::Bot bot_;
  PairingLimits limits_;
};

}  // namespace butler::gateway
