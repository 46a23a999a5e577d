#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "gateway/gateway_lock.hpp"
#include "gateway/store_test_support.hpp"
#include "unit/postgres_server.hpp"

namespace butler::gateway {

enum class Backend : std::uint8_t { sqlite, postgres };

inline std::ostream& operator<<(std::ostream& out, Backend backend) {
  return out << (backend == Backend::sqlite ? "sqlite" : "postgres");
}

inline auto all_backends() { return ::testing::Values(Backend::sqlite, Backend::postgres); }

/// What the store promises, on a real file and in a real server; restart() is what a new process sees.
class GatewayStoreTest : public ::testing::TestWithParam<Backend> {
 protected:
  static constexpr std::int64_t bot_id = 700'001;

  GatewayStoreTest() {
    if (GetParam() == Backend::postgres) url = shared_database();
    restart();
    if (!url.empty()) empty_tables();
  }

  /// One for all tests: making one takes longer than a test.
  static const std::string& shared_database() {
    static const std::string database = test::PostgresServer::instance().new_database();
    return database;
  }

  /// What the test before has left. The inbox first: its rows hold on to their turns.
  void empty_tables() {
    auto& server = *gateway->server;
    std::string script = "DELETE FROM inbox;";
    for (const auto row : server.query("SELECT relname FROM pg_class WHERE relkind = 'r' AND "
                                       "relnamespace = 'public'::regnamespace AND relname <> 'migrations'")) {
      script += " DELETE FROM " + row.string(0) + ";";
    }
    server.execute(script);
  }

  GatewayDatabase open() {
    if (url.empty()) return GatewayDatabase::open(home.path(), now);
    GatewayLock lock(url, bot_id);
    if (!lock.try_take()) {  // the process before has just ended
      boost::asio::io_context io;
      boost::asio::co_spawn(io, lock.take(io.get_executor()), [](const std::exception_ptr& fault) {
        if (fault) std::rethrow_exception(fault);
      });
      io.run();
    }
    return std::move(lock).open(now);
  }

  void restart() {
    store.reset();
    gateway.reset();
    gateway = std::make_unique<GatewayDatabase>(open());
    store = std::make_unique<SqlGatewayStore>(*gateway, bot_id);
  }

  /// A request of the person of a private chat, whose job is known.
  void add_job(const std::string& job_id, std::int64_t chat) {
    const auto turn = store->add_turn(
        {.idempotency_key = job_id, .lane = {.chat_id = chat}, .requester_id = chat, .body = "{}"}, {}, now);
    store->note_job(turn, job_id, now);
  }

  TempFolder home;
  std::string url = {};  ///< of a database of the test's own; "": a file in the home
  domain::Timestamp now{std::chrono::milliseconds{1'700'000'000'000}};
  std::unique_ptr<GatewayDatabase> gateway;
  std::unique_ptr<SqlGatewayStore> store;
};

}  // namespace butler::gateway
