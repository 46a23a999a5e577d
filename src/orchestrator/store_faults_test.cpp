#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "orchestrator/commit_queue.hpp"
#include "orchestrator/no_exchange.hpp"
#include "orchestrator/service_fixture.hpp"
#include "store/faulty_job_store.hpp"

// The store fails at any call, before its effect or after it. Whoever called is answered 503, or the process
// ends and reads the disk again; the same call, repeated, then finds the truth: nothing is there twice, and
// nothing that was answered is missing.
namespace butler::orchestrator::store_faults_test {
namespace {

namespace asio = boost::asio;

std::uint32_t chosen_seed() {
  const char* const given = std::getenv("BUTLER_TEST_SEED");
  return given == nullptr ? std::random_device{}() : static_cast<std::uint32_t>(std::stoul(given));
}

/// A process: the services over the faulty store, and the queue that commits for them.
struct Process {
  Process(store::JobStore& inner, LeaseService::Now now)
      : store(inner),
        jobs(store, touched, clock, measures, std::chrono::seconds{600}),
        leases(store, touched, clock, measures, ServiceFixture::lease, ServiceFixture::session_home),
        commits(
            context.get_executor(), store, touched, measures, [this] { ended = true; },
            [this, now] { leases.recover(now); }, [this, now] { leases.grant_grace(now); }) {
    leases.grant_grace(now);
  }

  asio::io_context context{1};
  store::FaultyJobStore store;
  Touched touched;
  LeaseClock clock;
  Measures measures;
  JobService jobs;
  LeaseService leases;
  bool ended = false;
  CommitQueue commits;
};

/// A call that its caller repeats until it is answered.
struct Call {
  std::string name;
  std::function<std::string(Process&)> work;  ///< what the answer says
  bool must_be_taken = false;
  std::optional<std::string> answer = {};
};

class StoreFaultsTest : public testing::Test, protected ServiceFixture {
 protected:
  StoreFaultsTest() { std::cout << "seed " << seed << '\n'; }

  static int rounds() { return std::getenv("BUTLER_TEST_LONG") == nullptr ? 150 : 5'000; }

  void start() {
    process.reset();
    restart();
    process.emplace(*store, now);
  }

  /// All calls in one batch, with one fault; then again, without, until each has its answer.
  void round() {
    auto calls = some_calls();
    arrange_fault();
    for (int tries = 0; tries < 6 && !run(calls); ++tries) {
      if (process->ended) {
        ++ends;
        start();
      }
    }
    for (const auto& call : calls)
      ASSERT_TRUE(call.answer) << call.name << ": no answer though the store is well";
  }

  void arrange_fault() {
    using When = store::FaultyJobStore::When;
    const auto when = random() % 2 == 0 ? When::before : When::after;
    if (random() % 4 == 0) return process->store.fail_at_commit(when);
    process->store.fail_at(random() % 30, when, random() % 2 == 0);
  }

  /// True when every call is answered.
  bool run(std::vector<Call>& calls) {
    for (auto& call : calls) {
      if (!call.answer) asio::co_spawn(process->context, make(*process, call), asio::detached);
    }
    process->context.restart();
    process->context.run();
    return std::ranges::all_of(calls, [](const Call& call) { return call.answer.has_value(); });
  }

  static asio::awaitable<void> make(Process& process, Call& call) {
    NoExchange exchange;
    try {
      auto response = co_await process.commits.answer(
          [&process, &call]() -> Answer {
            http::Response made;
            made.body = call.work(process);
            return made;
          },
          exchange);
      call.answer = response.body;
    } catch (const StoreAway&) {          // 503 in the application: it is made again
    } catch (const store::StoreFault&) {  // likewise
    }
  }

  std::vector<Call> some_calls() {
    std::vector<Call> calls;
    const auto count = 1 + random() % 3;
    for (std::size_t i = 0; i < count; ++i) {
      switch (random() % 4) {
        case 0: calls.push_back(creation()); break;
        case 1: calls.push_back(claiming()); break;
        case 2:
          if (auto spoken = talking()) calls.push_back(*std::move(spoken));
          break;
        default:
          if (auto end = ending()) calls.push_back(*std::move(end));
          break;
      }
    }
    if (calls.empty()) calls.push_back(creation());
    return calls;
  }

  Call creation() {
    const auto key = "key-" + std::to_string(next++);
    return {.name = "create " + key,
            .work = [this, key, session = "s" + std::to_string(random() % 4)](Process& p) {
              const auto id = p.jobs.create(task(session, key), key, now.wall).value().job.id;
              created.insert_or_assign(key, id);
              return id;
            }};
  }

  Call claiming() {
    const auto claim = "claim-" + std::to_string(next++);
    return {.name = claim, .work = [this, claim](Process& p) -> std::string {
              api::ClaimRequest body;
              body.worker_id = "w";
              body.claim_id = claim;
              const auto taken = p.leases.claim(body, now).value();
              if (!taken) return "";
              tokens.insert_or_assign(taken->job.id, taken->lease_token);
              return taken->job.id;
            }};
  }

  /// Of a job that is held and that no other call of this batch is about.
  std::optional<std::string> any_held() {
    for (const auto& record : store->leased()) {
      if (busy.insert(record.job.id + std::to_string(batch)).second) {
        tokens.insert_or_assign(record.job.id, record.lease->token);
        return record.job.id;
      }
    }
    return std::nullopt;
  }

  std::optional<Call> talking() {
    const auto id = any_held();
    if (!id) return std::nullopt;
    const auto word = " word-" + std::to_string(next++);
    const auto number = ++reports[*id];
    words[*id] += word;
    return Call{.name = "report" + word,
                .work =
                    [this, id = *id, word, number](Process& p) {
                      api::ReportedEvent event;
                      event.type = domain::EventType::agent_text_delta;
                      event.data = json::Object{{"delta", word}};
                      api::ReportEventsRequest body;
                      body.events = {event};
                      body.batch = number;
                      const auto done = p.leases.report_events(id, tokens.at(id), body, now);
                      return done ? std::string{"taken"} : done.error().code;
                    },
                .must_be_taken = true};
  }

  std::optional<Call> ending() {
    const auto id = any_held();
    if (!id) return std::nullopt;
    return Call{.name = "complete " + *id,
                .work =
                    [this, id = *id](Process& p) {
                      api::CompleteRequest body;
                      body.result_text = "the result of " + id;
                      const auto done = p.leases.complete(id, tokens.at(id), body, now);
                      ended[id] = body.result_text;
                      return done ? std::string{"taken"} : done.error().code;
                    },
                .must_be_taken = true};
  }

  void check() {
    std::map<std::string, std::string> jobs_of;
    for (const auto& [key, id] : created) {
      const auto record = store->find_by_idempotency_key(key);
      ASSERT_TRUE(record) << key;
      ASSERT_EQ(record->job.id, id) << key << ": another job than the answer said";
      ASSERT_TRUE(jobs_of.emplace(record->job.id, key).second) << key;
      ASSERT_EQ(record->job.prompt, key);
      if (record->job.status == domain::JobStatus::running)
        ASSERT_EQ(store->text_so_far(record->row), words[record->job.id]) << key;
      if (const auto end = ended.find(record->job.id); end != ended.end()) {
        ASSERT_EQ(record->job.status, domain::JobStatus::completed);
        ASSERT_EQ(record->job.result_text, end->second);
      }
      const auto page = store->events_after(record->row, 0);
      for (std::size_t i = 0; i < page.events.size(); ++i)
        ASSERT_EQ(page.events[i].seq, static_cast<std::int64_t>(i) + 1);
    }
    store::JobFilter all;
    all.limit = 100'000;
    ASSERT_EQ(store->list(all).size(), created.size()) << "a job that nobody asked for";
  }

  std::uint32_t seed = chosen_seed();
  std::mt19937 random{seed};
  std::optional<Process> process;
  std::map<std::string, std::string> created;  // key → id of the last answer
  std::map<std::string, std::string> tokens;   // job → its lease
  std::map<std::string, std::string> words;    // job → the text that it was given
  std::map<std::string, std::string> ended;    // job → its result
  std::map<std::string, std::int64_t> reports;
  std::set<std::string> busy;
  int next = 0;
  int batch = 0;
  int ends = 0;
};

TEST_F(StoreFaultsTest, ACallThatFailedIsRefusedAndItsRepetitionFindsTheTruth) {
  start();
  for (batch = 0; batch < rounds(); ++batch) {
    round();
    if (HasFatalFailure()) FAIL() << "seed " << seed << ", round " << batch;
    if (batch % 10 == 0) check();
    if (HasFatalFailure()) FAIL() << "seed " << seed << ", round " << batch;
  }
  check();
  EXPECT_GT(ends, 0) << "no commit has failed";
}

}  // namespace
}  // namespace butler::orchestrator::store_faults_test
