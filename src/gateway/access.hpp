#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "telegram/update.hpp"

namespace butler::gateway {

/// Whom we listen to: numeric ids, never names. Nobody else.
struct AccessRules {
  std::vector<std::int64_t> owners;
};

enum class Speaker : std::uint8_t {
  owner,
  stranger,  ///< a person in a private chat whom we do not know
  nobody,    ///< not a person speaking to us: no answer, no trace in the chat
};

struct Admission {
  Speaker speaker = Speaker::nobody;
  std::string_view reason = {};  ///< why it is nobody
};

/// Who is speaking. Pure; denies by default: other kinds than messages, other speakers than the person in
/// `from`, chats whose id may clash with a real one, and strangers in groups are nobody.
Admission admit(const telegram::Update& update, const AccessRules& rules);

}  // namespace butler::gateway
