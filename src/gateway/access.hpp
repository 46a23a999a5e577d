#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/permissions.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// Whom the configuration names: numeric ids, never names.
struct AccessRules {
  std::vector<std::int64_t> owners = {};
  std::vector<std::int64_t> allowed = {};  ///< people who need no pairing
};

/// What a person is to us: an owner if the configuration says so, whatever else is known of them; nullopt for
/// a stranger.
std::optional<domain::Role> role_of(std::int64_t person_id, const AccessRules& rules, bool paired);

/// The same, looked up.
using RoleOf = std::function<std::optional<domain::Role>(std::int64_t person_id)>;

enum class Speaker : std::uint8_t {
  owner,
  person,    ///< paired, or named by the configuration
  stranger,  ///< a person in a private chat whom we do not know
  nobody,    ///< not a person speaking to us: no answer, no trace in the chat
};

struct Admission {
  Speaker speaker = Speaker::nobody;
  std::string_view reason = {};  ///< why it is nobody
};

/// The role of somebody whom we listen to; nullopt for the others.
std::optional<domain::Role> role_of(Speaker speaker);

/// Who is speaking. Pure, if `role_of` is; denies by default: other kinds than messages, other speakers than
/// the person in `from`, chats whose id may clash with a real one, and strangers in groups are nobody.
Admission admit(const telegram::Update& update, const RoleOf& role_of);

/// Where a message was said.
inline domain::Place place_of(const telegram::Message& message) {
  return message.chat_type == telegram::ChatType::private_chat ? domain::Place::private_chat
                                                               : domain::Place::group;
}

}  // namespace butler::gateway
