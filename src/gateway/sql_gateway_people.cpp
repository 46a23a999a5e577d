#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

PairingCode read_code(const sql::Statement& row) {
  PairingCode code{.id = row.integer(0),
                   .code = row.string(1),
                   .invited_by = row.optional_integer(5),
                   .created_at = to_timestamp(row.integer(6)),
                   .expires_at = to_timestamp(row.integer(7))};
  if (const auto person = row.optional_integer(2)) {
    code.asked_by = telegram::Person{.id = *person, .username = row.string(4), .first_name = row.string(3)};
  }
  return code;
}

}  // namespace

std::vector<PairedPerson> SqlGatewayStore::paired_people() {
  std::vector<PairedPerson> people;
  auto& row = database_
                  .prepared(
                      "SELECT person_id, first_name, username, paired_by, since FROM people "
                      "ORDER BY since, person_id")
                  .bind();
  while (row.step()) {
    people.push_back(
        {.person = {.id = row.integer(0), .username = row.string(2), .first_name = row.string(1)},
         .paired_by = row.optional_integer(3),
         .since = to_timestamp(row.integer(4))});
  }
  return people;
}

bool SqlGatewayStore::is_paired(std::int64_t person_id) {
  auto& statement = database_.prepared("SELECT 1 FROM people WHERE person_id = ?").bind(person_id);
  const bool found = statement.step();
  statement.reset();
  return found;
}

void SqlGatewayStore::add_paired(const PairedPerson& person) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO people (person_id, first_name, username, paired_by, since) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (person_id) DO UPDATE SET first_name = excluded.first_name, "
            "username = excluded.username")
        .bind(person.person.id, person.person.first_name, person.person.username, person.paired_by,
              to_milliseconds(person.since))
        .run();
  });
}

bool SqlGatewayStore::remove_paired(std::int64_t person_id) {
  bool removed = false;
  change([&] {
    removed = database_.prepared("DELETE FROM people WHERE person_id = ?").bind(person_id).run() == 1;
  });
  return removed;
}

std::int64_t SqlGatewayStore::add_pairing_code(const PairingCode& code) {
  std::int64_t row_id = 0;
  change([&] {
    const telegram::Person nobody;
    const telegram::Person& person = code.asked_by ? *code.asked_by : nobody;
    const std::optional<std::int64_t> person_id =
        code.asked_by ? std::optional{code.asked_by->id} : std::nullopt;
    row_id = insert(
        database_
            .prepared(
                "INSERT INTO pairing_codes (code, person_id, first_name, username, invited_by, created_at, "
                "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id")
            .bind(code.code, person_id, person.first_name, person.username, code.invited_by,
                  to_milliseconds(code.created_at), to_milliseconds(code.expires_at)));
  });
  return row_id;
}

std::vector<PairingCode> SqlGatewayStore::pairing_codes(Timestamp now) {
  std::vector<PairingCode> codes;
  change([&] {
    database_.prepared("DELETE FROM pairing_codes WHERE expires_at <= ?").bind(to_milliseconds(now)).run();
    auto& row = database_
                    .prepared(
                        "SELECT id, code, person_id, first_name, username, invited_by, created_at, "
                        "expires_at FROM pairing_codes ORDER BY id")
                    .bind();
    while (row.step()) codes.push_back(read_code(row));
  });
  return codes;
}

void SqlGatewayStore::remove_pairing_code(std::int64_t row_id) {
  change([&] { database_.prepared("DELETE FROM pairing_codes WHERE id = ?").bind(row_id).run(); });
}

void SqlGatewayStore::remove_pairing_codes_of(std::int64_t person_id) {
  change([&] { database_.prepared("DELETE FROM pairing_codes WHERE person_id = ?").bind(person_id).run(); });
}

void SqlGatewayStore::add_wrong_code(std::int64_t person_id, Timestamp now) {
  change([&] {
    database_.prepared("INSERT INTO wrong_codes (person_id, tried_at) VALUES (?, ?)")
        .bind(person_id, to_milliseconds(now))
        .run();
  });
}

WrongCodes SqlGatewayStore::wrong_codes(std::int64_t person_id, Timestamp since) {
  WrongCodes wrong;
  change([&] {
    database_.prepared("DELETE FROM wrong_codes WHERE tried_at <= ?").bind(to_milliseconds(since)).run();
    auto& row = database_
                    .prepared(
                        "SELECT count(*), coalesce(sum(CASE WHEN person_id = ? THEN 1 ELSE 0 END), 0) "
                        "FROM wrong_codes")
                    .bind(person_id);
    row.step();
    wrong = {.of_person = static_cast<std::size_t>(row.integer(1)),
             .in_all = static_cast<std::size_t>(row.integer(0))};
    row.reset();
  });
  return wrong;
}

bool SqlGatewayStore::may_tell(Telling what, std::int64_t person_id, Timestamp since, Timestamp now) {
  bool may = false;
  change([&] {
    const std::string_view name = domain::enum_name(what);
    database_.prepared("DELETE FROM tellings WHERE what = ? AND told_at <= ?")
        .bind(name, to_milliseconds(since))
        .run();
    may = database_
              .prepared(
                  "INSERT INTO tellings (what, person_id, told_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
              .bind(name, person_id, to_milliseconds(now))
              .run() == 1;
  });
  return may;
}

std::vector<Timestamp> SqlGatewayStore::requests_since(std::int64_t person_id, Timestamp since) {
  std::vector<Timestamp> times;
  auto& row = database_.prepared("SELECT sent_at FROM turns WHERE requester_id = ? AND sent_at > ?")
                  .bind(person_id, to_milliseconds(since));
  while (row.step()) times.push_back(to_timestamp(row.integer(0)));
  return times;
}

}  // namespace butler::gateway
