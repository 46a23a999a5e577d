#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/taken_over.hpp"
#include "domain/timestamp.hpp"
#include "json/value.hpp"
#include "sql/database.hpp"

/// `pairings.json` {"allowedUserIds": [id], "pendingByUserId"} and `sessions.json` {"sessionsByRouteKey":
/// {"chat:<id>[:thread:<id>]": {"sessionKey", "generation"}}} of Butler's first version.
namespace butler::gateway {

struct FirstVersionSession {
  std::string route_key = {};  ///< as in schema/gateway/0001_gateway.sql
  std::int64_t generation = 1;
  std::string key = {};
};

struct FirstVersionPeople {
  std::vector<std::int64_t> allowed = {};
  std::vector<FirstVersionSession> sessions = {};
  domain::TakenOver report = {};
};

/// Reads what can be read and names the rest. Either may be null: there is no such file. Pure.
FirstVersionPeople read_first_version(const json::Value& pairings, const json::Value& sessions);

/// Adds those who are not here yet, in one transaction.
domain::TakenOver take_over(sql::Database& database, FirstVersionPeople people, domain::Timestamp now);

}  // namespace butler::gateway
