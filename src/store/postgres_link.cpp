#include "store/postgres_link.hpp"

#include "store/raised.hpp"

namespace butler::store {

namespace {

postgres::Target reader_of(postgres::Target target) {
  target.application += "-reads";
  target.on_connect = [](postgres::Connection& connection) {
    connection.execute(
        "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on");
  };
  return target;
}

}  // namespace

PostgresLink::PostgresLink(postgres::Target target)
    : connection_(target), reader_(reader_of(std::move(target))), connects_seen_(connection_.connects()) {}

void PostgresLink::look(const std::function<void()>& work) {
  if (looking_) return work();  // part of the same look
  // The other one was lost and is back: so the server was away, and this one is of the time before.
  if (std::exchange(connects_seen_, connection_.connects()) != connection_.connects()) reader_.start_over();
  try {
    const postgres::Transaction snapshot(reader_);  // rolled back at its end: there is nothing to commit
    const Raised looking(looking_);
    work();
  } catch (const postgres::Error& error) {
    throw StoreFault(error.what());
  }
}

}  // namespace butler::store
