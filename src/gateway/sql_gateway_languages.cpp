#include "domain/timestamp.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

std::string SqlGatewayStore::language_code(std::int64_t chat_id) {
  auto& row = database_.prepared("SELECT code FROM languages WHERE chat_id = ?").bind(chat_id);
  std::string code = row.step() ? row.string(0) : "";
  row.reset();
  return code;
}

void SqlGatewayStore::set_language_code(std::int64_t chat_id, std::string_view code, domain::Timestamp now) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO languages (chat_id, code, noted_at) VALUES (?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET code = excluded.code, noted_at = excluded.noted_at")
        .bind(chat_id, code, domain::to_milliseconds(now))
        .run();
  });
}

}  // namespace butler::gateway
