#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "orchestrator/service_fixture.hpp"

// Random sequences of everything that callers, clocks and crashes do, held against what must always be true.
namespace butler::orchestrator::model_test {
namespace {

using domain::EventType;
using domain::JobStatus;

/// A million operations in the long run (G15), of which about half come with a lease that is over.
constexpr int steps_per_round = 1'500;
int rounds() { return std::getenv("BUTLER_TEST_LONG") == nullptr ? 4 : 667; }

class ModelTest : public testing::Test, protected ServiceFixture {
 protected:
  struct Holder {
    std::string job_id;
    std::string token;
  };

  void step() {
    switch (random() % 14) {
      case 0:
      case 1: make_job(); break;
      case 2:
      case 3: take_job(); break;
      case 4:
        with_job([&](const std::string& id) { request([&] { return jobs->approve(id, {}, now.wall); }); });
        break;
      case 5: with_job([&](const std::string& id) { abort(id); }); break;
      case 6:
      case 7: with_holder([&](const Holder& h) { complete(h.job_id, h.token); }); break;
      case 8: with_holder([&](const Holder& h) { fail(h.job_id, h.token, random() % 2 == 0); }); break;
      case 9: with_holder([&](const Holder& h) { report(h.job_id, h.token, any_report()); }); break;
      case 10:
        with_holder(
            [&](const Holder& h) { request([&] { return leases->heartbeat(h.job_id, h.token, 0, now); }); });
        break;
      case 11:
        with_holder([&](const Holder& h) {
          request([&] { return leases->acknowledge_abort(h.job_id, h.token, {}, now); });
        });
        break;
      case 12:
        advance(std::chrono::milliseconds{random() % 40'000});
        expire();
        break;
      default:
        if (random() % 10 == 0) restart();
        break;
    }
  }

  EventType any_report() {
    constexpr std::array types{EventType::log, EventType::usage, EventType::tool_start,
                               EventType::agent_text_delta};
    return types.at(random() % types.size());
  }

  void make_job() {
    auto body = task("s" + std::to_string(random() % 3));
    if (random() % 3 == 0) body.requires_approval = true;
    all.push_back(create(body).id);
  }

  void take_job() {
    const auto claimed = claim("w" + std::to_string(random() % 3));
    if (!claimed) return;
    // Whoever held this job before has lost it for ever.
    current[claimed->job.id] = claimed->lease_token;
    holders.push_back({claimed->job.id, claimed->lease_token});
  }

  void with_job(const std::function<void(const std::string&)>& act) {
    if (!all.empty()) act(all[random() % all.size()]);
  }

  /// Any lease that was ever given, so most often a stale one: it must change nothing.
  void with_holder(const std::function<void(const Holder&)>& act) {
    if (holders.empty()) return;
    const auto holder = random() % 2 == 0 ? holders.back() : holders[random() % holders.size()];
    const bool stale = current[holder.job_id] != holder.token;
    const auto before = stale ? job(holder.job_id).updated_at : domain::Timestamp{};
    act(holder);
    if (stale) ASSERT_EQ(job(holder.job_id).updated_at, before) << "a stale lease has changed the job";
  }

  void check_invariants() {
    std::map<std::string, int> running;
    for (const auto& id : all) {
      const auto record = *store->find(id);
      const auto status = record.job.status;
      if (domain::is_leased(status)) {
        ++running[record.job.session_key];
        ASSERT_TRUE(record.lease) << "somebody holds what runs";
        ASSERT_EQ(record.lease->token, current[id]);
      }
      const auto seen = terminal.find(id);
      if (seen != terminal.end())
        ASSERT_EQ(seen->second, record.job.updated_at) << "a terminal job has changed";
      if (domain::is_terminal(status)) terminal.emplace(id, record.job.updated_at);
      ASSERT_LE(record.job.attempt, record.job.max_attempts);
      const auto page = store->events_after(record.row, 0);
      for (std::size_t i = 0; i < page.events.size(); ++i) {
        ASSERT_EQ(page.events[i].seq, static_cast<std::int64_t>(i) + 1) << "seqs are dense";
      }
    }
    for (const auto& [session, count] : running) ASSERT_LE(count, 1) << session;
  }

  /// One sequence; in the end nothing stays where it is, and everything can be brought to an end.
  void play(unsigned seed) {
    random.seed(seed);
    for (int i = 0; i < steps_per_round; ++i) {
      step();
      if (i % 10 == 0) check_invariants();
      if (HasFatalFailure()) FAIL() << "step " << i;
    }
    check_invariants();
    ended += terminal.size();
    for (const auto& id : all) abort(id);
    advance(lease + std::chrono::seconds{1});
    expire();
    for (const auto& id : all) ASSERT_TRUE(domain::is_terminal(job(id).status));
    all.clear();
    holders.clear();
    current.clear();
    terminal.clear();
  }

  std::size_t ended = 0;  ///< jobs that ended by themselves, in all sequences
  std::mt19937 random;
  std::vector<std::string> all;
  std::vector<Holder> holders;
  std::map<std::string, std::string> current;
  std::map<std::string, domain::Timestamp> terminal;
};

TEST_F(ModelTest, NoSequenceOfCallsCrashesAndExpiriesBreaksTheLifecycle) {
  const char* given = std::getenv("BUTLER_TEST_SEED");
  const unsigned first = given == nullptr ? std::random_device{}() : static_cast<unsigned>(std::stoul(given));
  std::cout << "seed " << first << std::endl;
  for (int round = 0; round < rounds(); ++round) {
    play(first + static_cast<unsigned>(round));
    if (HasFatalFailure()) FAIL() << "BUTLER_TEST_SEED=" << first + static_cast<unsigned>(round);
  }
  EXPECT_GT(ended, 50U * static_cast<unsigned>(rounds()));
}

}  // namespace
}  // namespace butler::orchestrator::model_test
