#include "store/sqlite_link.hpp"

#include "store/raised.hpp"

namespace butler::store {

void SqliteLink::look(const std::function<void()>& work) {
  if (looking_) return work();  // part of the same look
  if (!reader_) reader_.emplace(sqlite::Database::open_reader(database_.file()));
  const sqlite::Snapshot snapshot(*reader_);
  const Raised looking(looking_);
  work();
}

}  // namespace butler::store
