#include "config/secret_name.hpp"

#include <gtest/gtest.h>

namespace butler::config::secret_name_test {
namespace {

TEST(SecretName, IsByTheTableThenTheProvidersThenTheEnding) {
  Place place{};
  place.provider_variables = {"HOUSE_PASS"};
  for (const auto* const name : {"TELEGRAM_BOT_TOKEN", "ORCH_WORKER_TOKEN", "ANTHROPIC_API_KEY", "HOUSE_PASS",
                                 "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SOMEBODYS_PASSWORD"}) {
    EXPECT_TRUE(is_secret_name(name, place)) << name;
  }
  for (const auto* const name : {"TG_OWNER_IDS", "AWS_REGION", "PATH", "ORCH_TLS_KEY_FILE"}) {
    EXPECT_FALSE(is_secret_name(name, place)) << name;
  }
}

}  // namespace
}  // namespace butler::config::secret_name_test
