#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_languages_test {

namespace {

/// The languages' part of the store; restart() is what a new process sees.
class LanguageRecordsTest : public GatewayStoreTest {};

TEST_P(LanguageRecordsTest, TheLatestCodeOfAChatIsThereAfterARestart) {
  EXPECT_EQ(store->language_code(7), "");
  store->set_language_code(7, "en", now);
  store->set_language_code(7, "de-AT", now);
  restart();
  EXPECT_EQ(store->language_code(7), "de-AT");
  EXPECT_EQ(store->language_code(8), "");
}

TEST_P(LanguageRecordsTest, AGroupTakesItsLanguageAlongWhenItMoves) {
  store->set_language_code(-5, "de", now);
  store->set_language_code(-1'005, "en", now);
  store->move_chat(-5, -1'005);
  EXPECT_EQ(store->language_code(-1'005), "de");
  EXPECT_EQ(store->language_code(-5), "");
}

INSTANTIATE_TEST_SUITE_P(Backends, LanguageRecordsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_languages_test
