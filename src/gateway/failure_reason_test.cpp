#include "gateway/failure_reason.hpp"

#include <gtest/gtest.h>

namespace butler::gateway::failure_reason_test {

namespace {

TEST(FailureReasonTest, IsTheProvidersSentenceWhereThereIsOne) {
  const struct {
    std::string_view error;
    std::string_view reason;
  } cases[] = {
      {R"(401: {"message":"Your credit is used up.","type":"x","param":null})", "Your credit is used up."},
      {R"(400 {"type":"error","error":{"type":"invalid_request_error","message":"Too long."},"request_id":"r"})",
       "Too long."},
      {R"({"error":"busy","message":"Try later."})", "Try later."},
      {"the machine is full", "the machine is full"},
      {R"(exit status 1: {"message": )", R"(exit status 1: {"message": )"},
      {R"(awk: {"code":7})", R"(awk: {"code":7})"},
      {R"(401: {"message":7})", R"(401: {"message":7})"},
      {"a set {1, 2}", "a set {1, 2}"},
      {"", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(reason_for_people(one.error), one.reason) << one.error;
}

}  // namespace

}  // namespace butler::gateway::failure_reason_test
