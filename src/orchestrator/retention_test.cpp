#include "orchestrator/retention.hpp"

#include "orchestrator/service_fixture.hpp"

namespace butler::orchestrator::retention_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;

class RetentionTest : public testing::Test, protected ServiceFixture {
 protected:
  std::string ended(const api::CreateJobRequest& body) {
    const auto job = create(body);
    const auto claimed = claim("w", {}, "store-1");
    complete(claimed->job.id, claimed->lease_token);
    now.wall = this->job(job.id).finished_at.value();  // each change of a job is a millisecond later
    return job.id;
  }

  /// Of a caller who waits for no delivery.
  static api::CreateJobRequest undelivered(const std::string& session = "s1") {
    auto body = task(session);
    body.channel = domain::Channel::api;
    return body;
  }

  milliseconds step() {
    Retention retention(*store, measures, *files, days{90});
    const auto pause = request([&] { return retention.step(now.wall); });
    retention.remove_files();
    return pause;
  }

  bool exists(const std::string& id) { return store->find(id).has_value(); }
};

TEST_F(RetentionTest, AJobIsRemovedWhenItEndedThatLongAgo) {
  const auto id = ended(undelivered());

  advance(days{90});
  step();
  EXPECT_TRUE(exists(id));
  advance(1ms);
  step();

  EXPECT_FALSE(exists(id));
}

TEST_F(RetentionTest, TheFilesOfAJobGoWithItAndThoseOfOthersStay) {
  const auto old = create(undelivered("a")).id;
  put(old, "1-a", "old");
  abort(old);
  advance(days{90});
  const auto young = create(undelivered("b")).id;
  put(young, "1-a", "young");
  abort(young);
  advance(2ms);  // its end is a millisecond after its creation

  step();

  EXPECT_EQ(files->jobs(), std::vector<std::string>{young});
  EXPECT_EQ(store->artifacts().bytes(), 5);
}

TEST_F(RetentionTest, AJobWhoseDeliveryIsOpenIsKeptUntilItIsAcknowledged) {
  const auto id = ended(task());
  advance(days{900});
  step();
  EXPECT_TRUE(exists(id));

  request([&] { return jobs->acknowledge_delivery(id); });
  step();

  EXPECT_FALSE(exists(id));
}

TEST_F(RetentionTest, ASessionGoesAfterItsLastJobAndNotBefore) {
  ended(undelivered("old"));
  advance(days{50});
  ended(undelivered("old"));
  ended(undelivered("young"));
  advance(days{60});
  step();
  EXPECT_EQ(store->session_store("old"), "store-1");

  advance(days{40});
  step();

  EXPECT_EQ(store->session_store("old"), std::nullopt);
  EXPECT_EQ(store->session_store("young"), std::nullopt);
}

TEST_F(RetentionTest, ItSleepsUntilThereIsSomethingToRemove) {
  EXPECT_EQ(step(), hours{1}) << "nothing has ended";
  ended(undelivered());
  EXPECT_EQ(step(), hours{1});
  advance(days{90} - 10min);
  EXPECT_EQ(step(), 10min);
  advance(10min);
  EXPECT_EQ(step(), 1s) << "never a busy loop";
}

TEST_F(RetentionTest, OneStepIsSmallAndSaysThatThereIsMore) {
  for (int i = 0; i < 100; ++i) ended(undelivered("s" + std::to_string(i)));  // four rows each
  advance(days{91});

  EXPECT_EQ(step(), 0ms);
  store::JobFilter all;
  all.limit = 200;
  EXPECT_EQ(store->list(all).size(), 36U);
  EXPECT_EQ(step(), hours{1});
  EXPECT_TRUE(store->list({}).empty());
}

}  // namespace
}  // namespace butler::orchestrator::retention_test
