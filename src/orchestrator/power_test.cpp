#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "orchestrator/service_fixture.hpp"
#include "sqlite/database.hpp"
#include "unit/power_cut_files.hpp"

// The power fails at any write and any sync: what was answered is there afterwards, and nothing is half done.
namespace butler::orchestrator::power_test {
namespace {

std::uint32_t chosen_seed() {
  const char* const given = std::getenv("BUTLER_TEST_SEED");
  return given == nullptr ? std::random_device{}() : static_cast<std::uint32_t>(std::stoul(given));
}

/// Registered before the store is opened.
struct Disk {
  std::uint32_t seed = chosen_seed();
  test::PowerCutFiles disk{seed};
};

class PowerTest : public testing::Test, protected Disk, protected ServiceFixture {
 protected:
  PowerTest() : random(seed) { std::cout << "seed " << seed << '\n'; }
  ~PowerTest() override { store.reset(); }

  int rounds() const { return std::getenv("BUTLER_TEST_LONG") == nullptr ? 200 : 10'000; }

  /// Works until the power fails, and starts again.
  void round() {
    disk.cut_after(random() % 60);
    in_flight.clear();
    try {
      for (int i = 0; i < 200 && !disk.is_off(); ++i) step();
    } catch (const std::exception& fault) {
      if (!disk.is_off()) throw;  // nothing but the power may stop it
    }
    store.reset();
    disk.power_on();
    restart_through_cuts();
  }

  /// The power may fail in the start, too.
  void restart_through_cuts() {
    for (;;) {
      disk.cut_after(random() % 4 == 0 ? random() % 12 : 1'000'000);
      try {
        restart();
        disk.cut_after(1'000'000);
        return;
      } catch (const std::exception& fault) {
        if (!disk.is_off()) throw;
      }
      store.reset();
      disk.power_on();
    }
  }

  void step() {
    switch (random() % 5) {
      case 0:
      case 1: make(); break;
      case 2: take(); break;
      case 3: finish(); break;
      default: talk(); break;
    }
  }

  void make() {
    const auto key = "key-" + std::to_string(next_key++);
    keys_in_flight.insert(key);
    const auto made = create(task("s" + std::to_string(random() % 4)), key);
    keys_in_flight.erase(key);
    keys[key] = made.id;
    answered[made.id] = made;
  }

  void take() {
    touches_any = true;
    const auto claimed = claim("w");
    touches_any = false;
    if (!claimed) return;
    answered[claimed->job.id] = job(claimed->job.id);
    held[claimed->job.id] = claimed->lease_token;
  }

  void finish() {
    if (held.empty()) return;
    const auto [id, token] = *held.begin();
    in_flight = id;
    const auto done = complete(id, token);
    in_flight.clear();
    ASSERT_TRUE(done) << done.error().code;
    held.erase(id);
    answered[id] = job(id);
  }

  void talk() {
    if (held.empty()) return;
    const auto& [id, token] = *held.begin();
    in_flight = id;
    const auto reported = report(id, token, domain::EventType::agent_text_delta);
    in_flight.clear();
    ASSERT_TRUE(reported) << reported.error().code;
    ++events[id];
    answered[id] = job(id);
  }

  void check() {
    for (auto& [id, known] : answered) {
      const auto record = store->find(id);
      ASSERT_TRUE(record) << id << " was answered and is gone";
      const bool unknown = id == in_flight || touches_any;
      if (!unknown) ASSERT_EQ(record->job.status, known.status) << id;
      if (!unknown) ASSERT_EQ(record->job.updated_at, known.updated_at) << id;
      ASSERT_GE(store->text_so_far(record->row).size(),
                domain::is_terminal(record->job.status) ? 0U : 5U * events[id]);
      adopt(id, *record);
      known = record->job;
    }
    for (const auto& [key, id] : keys) ASSERT_EQ(store->find_by_idempotency_key(key)->job.id, id);
    touches_any = false;
    adopt_created();
  }

  /// What was on its way may be there: then it counts from now on.
  void adopt(const std::string& id, const store::JobRecord& record) {
    if (domain::is_terminal(record.job.status)) held.erase(id);
    if (domain::is_leased(record.job.status)) held[id] = record.lease->token;
  }

  void adopt_created() {
    for (const auto& key : keys_in_flight) {
      if (const auto record = store->find_by_idempotency_key(key)) {
        keys[key] = record->job.id;
        answered[record->job.id] = record->job;
      }
    }
    keys_in_flight.clear();
  }

  void check_database() {
    store.reset();
    {
      auto database = sqlite::Database::open(folder.path() / "state.db");
      auto& found = database.prepared("PRAGMA integrity_check").bind();
      ASSERT_TRUE(found.step());
      ASSERT_EQ(found.text(0), "ok");
      found.reset();
    }
    restart();
  }

  std::uint64_t losses() const { return disk.losses(); }
  void begin_anew() {
    store.reset();
    disk.erase_all();
    answered.clear();
    keys.clear();
    held.clear();
    events.clear();
    restart_through_cuts();
  }

  std::mt19937 random;
  std::map<std::string, domain::Job> answered;
  std::map<std::string, std::string> keys;
  std::set<std::string> keys_in_flight;
  std::map<std::string, std::string> held;  ///< job → lease token
  std::map<std::string, std::size_t> events;
  std::string in_flight;
  bool touches_any = false;
  int next_key = 0;
};

TEST_F(PowerTest, WhatWasAnsweredIsThereWhereverThePowerFails) {
  for (int number = 0; number < rounds(); ++number) {
    if (number % 50 == 0) begin_anew();
    round();
    check();
    if (number % 10 == 0) check_database();
    if (HasFatalFailure()) FAIL() << "seed " << seed << ", round " << number;
  }
  EXPECT_GT(losses(), static_cast<std::uint64_t>(rounds()) / 4) << "a cut that loses nothing proves nothing";
}

}  // namespace
}  // namespace butler::orchestrator::power_test
