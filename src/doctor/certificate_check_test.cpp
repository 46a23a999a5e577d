#include "doctor/certificate_check.hpp"

#include <gmock/gmock.h>

#include "doctor/test_support.hpp"

namespace butler::doctor::certificate_check_test {
namespace {

using testing::ElementsAre;
using testing_support::found;

CertificateFacts healthy() {
  CertificateFacts facts;
  facts.listener = "0.0.0.0:8787";
  facts.reached = true;
  facts.certificate = "/c.pem";
  facts.key = "/k.pem";
  facts.left = std::chrono::days{60};
  facts.called = "butler.example";
  return facts;
}

TEST(CertificateCheck, AGoodCertificateIsWell) {
  EXPECT_THAT(judge_certificate(healthy()), ElementsAre(found(Status::ok, "60 more days", "")));
}

TEST(CertificateCheck, PlainIsWellOnLoopbackAndDoubtfulBeyond) {
  CertificateFacts facts{.listener = "127.0.0.1:8787"};
  EXPECT_THAT(judge_certificate(facts), ElementsAre(found(Status::ok, "this machine only", "")));
  facts.reached = true;
  EXPECT_THAT(judge_certificate(facts),
              ElementsAre(found(Status::warning, "without TLS", "config unset ORCH_UNSAFE_PLAIN")));
}

TEST(CertificateCheck, EachFaultIsNamedWithItsMend) {
  auto facts = healthy();
  facts.fault = "/k.pem: holds no key";
  EXPECT_THAT(judge_certificate(facts),
              ElementsAre(found(Status::broken, "holds no key", "ls -lL /c.pem /k.pem")));
  facts = healthy();
  facts.left = std::chrono::days{-3};
  EXPECT_THAT(judge_certificate(facts),
              ElementsAre(found(Status::broken, "expired 3 days ago", "-in /c.pem")));
  facts.left = std::chrono::days{13};
  EXPECT_THAT(judge_certificate(facts),
              ElementsAre(found(Status::warning, "expires in 13 days", "-in /c.pem")));
  facts = healthy();
  facts.for_called = false;
  facts.key_readers = "users";
  EXPECT_THAT(judge_certificate(facts),
              ElementsAre(found(Status::broken, "not for butler.example", "subjectAltName"),
                          found(Status::warning, "group users can read", "chmod g-r /k.pem")));
}

TEST(CertificateCheck, AnAddressAnswersOrSaysWhyNot) {
  AddressFacts facts{.url = "https://butler.example:8787", .status = 200};
  EXPECT_THAT(judge_address(facts), found(Status::ok, "is trusted", ""));
  facts.status = 403;
  EXPECT_THAT(judge_address(facts), found(Status::broken, "by this name", "ORCH_ALLOWED_HOSTS"));
  facts.status = 502;
  EXPECT_THAT(judge_address(facts), found(Status::broken, "answers 502", "curl"));
  facts.fault = "TLS: the server's certificate has expired";
  EXPECT_THAT(judge_address(facts), found(Status::broken, "has expired", "curl"));
}

}  // namespace
}  // namespace butler::doctor::certificate_check_test
