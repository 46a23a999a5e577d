#pragma once

#include <cstdint>
#include <string>

#include "postgres/connection.hpp"

/// The advisory locks by which a session says what it does with a database.
namespace butler::postgres {

/// Held by every orchestrator of a database, shared; alone by one that changes the schema, or copies.
inline constexpr std::int64_t orchestrator_lock = 0x6275746C'6572'0002;
/// Held by the one gateway of a database, whichever bot it is for; or by who copies.
inline constexpr std::int64_t gateway_lock = 0x6275746C'6572'0100;

/// Who else holds a lock, and since when: "butler-orchestrator-1 from 10.0.0.1 since …". `otherwise` when
/// nobody does any more.
std::string holder_of_lock(Connection& connection, std::int64_t key, std::string otherwise);

}  // namespace butler::postgres
