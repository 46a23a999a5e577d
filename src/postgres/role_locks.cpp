#include "postgres/role_locks.hpp"

namespace butler::postgres {

std::string holder_of_lock(Connection& connection, std::int64_t key, std::string otherwise) {
  const auto found = connection.query(
      "SELECT application_name, coalesce(host(client_addr), 'its own machine'), "
      "to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') "
      "FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
      "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
      "AND (classid::bigint << 32) + objid::bigint = $1 AND pid <> pg_backend_pid() ORDER BY backend_start",
      key);
  if (found.empty()) return otherwise;
  return found[0].string(0) + " from " + found[0].string(1) + " since " + found[0].string(2);
}

}  // namespace butler::postgres
