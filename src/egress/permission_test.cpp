#include "egress/permission.hpp"

#include <gmock/gmock.h>

namespace butler::egress::permission_test {
namespace {

using Kind = Admission::Kind;

Target target(const char* text) { return parse_target(text).value(); }

struct AdmissionCase {
  const char* target;
  Kind when_others_are_denied;
  Kind when_others_are_asked_for;
};

TEST(Admission, IsByTheRulesAndThenByAPerson) {
  HostPolicy policy{.rules = {parse_host_rule("github.com").value(),
                              parse_host_rule("nas.lan private").value(),
                              parse_host_rule("10.0.0.5:22").value()}};
  const AdmissionCase cases[] = {
      {"github.com:443", Kind::allow, Kind::allow},  {"github.com:80", Kind::deny, Kind::ask},
      {"nas.lan:443", Kind::allow, Kind::allow},     {"10.0.0.5:22", Kind::allow, Kind::allow},
      {"other.example:443", Kind::deny, Kind::ask},  {"other.example:22", Kind::deny, Kind::ask},
      {"8.8.8.8:443", Kind::deny, Kind::deny},       {"169.254.169.254:443", Kind::deny, Kind::deny},
      {"[::1]:443", Kind::deny, Kind::deny},         {"localhost:443", Kind::deny, Kind::deny},
      {"a.localhost:443", Kind::deny, Kind::deny},   {"metadata.google.internal:443", Kind::deny, Kind::deny},
      {"printer.local:443", Kind::deny, Kind::deny}, {"intranet:443", Kind::deny, Kind::deny},
  };
  for (const auto& [text, denied, asked] : cases) {
    policy.others = HostPolicy::Others::deny;
    EXPECT_EQ(admit_target(policy, target(text)).kind, denied) << text;
    policy.others = HostPolicy::Others::ask;
    const auto admission = admit_target(policy, target(text));
    EXPECT_EQ(admission.kind, asked) << text;
    EXPECT_EQ(admission.reason.empty(), asked != Kind::deny) << text;
  }
}

enum class Verdict : std::uint8_t { passes, refused, undecided };

struct FirstBytesCase {
  FirstBytes first;
  const char* target;
  const char* rule;  ///< "" when a person allowed it
  Verdict verdict;
};

TEST(FirstBytes, HaveToBeTlsForTheHostThatWasNamed) {
  using enum FirstBytes::Kind;
  const auto named = [](const char* name) { return FirstBytes{.kind = hello, .server_name = name}; };
  const FirstBytesCase cases[] = {
      {{.kind = unfinished}, "a.example:443", "", Verdict::undecided},
      {named("a.example"), "a.example:443", "", Verdict::passes},
      {named("a.example."), "a.example:443", "", Verdict::passes},
      {named("b.example"), "a.example:443", "", Verdict::refused},
      {named("x.a.example"), "a.example:443", "*.example.org", Verdict::refused},
      {named(""), "a.example:443", "", Verdict::refused},
      {{.kind = hello}, "a.example:443", "", Verdict::refused},
      {{.kind = hello}, "10.0.0.1:443", "10.0.0.1", Verdict::passes},
      {named("a.example"), "10.0.0.1:443", "10.0.0.1", Verdict::refused},
      {{.kind = hello, .server_name = "a.example", .encrypted_hello = true},
       "a.example:443",
       "",
       Verdict::passes},
      {{.kind = malformed}, "a.example:443", "", Verdict::refused},
      {{.kind = malformed}, "a.example:22", "a.example:22", Verdict::refused},
      {{.kind = not_tls}, "a.example:443", "", Verdict::refused},
      {{.kind = not_tls}, "a.example:443", "a.example", Verdict::refused},
      {{.kind = not_tls}, "a.example:443", "a.example:443", Verdict::refused},
      {{.kind = not_tls}, "a.example:22", "a.example:22", Verdict::passes},
      {{.kind = not_tls}, "a.example:22", "", Verdict::passes},
      {named("b.example"), "a.example:993", "a.example:993", Verdict::refused},
  };
  for (const auto& [first, text, rule, verdict] : cases) {
    const auto given = *rule == '\0' ? rule_for(target(text)) : parse_host_rule(rule).value();
    const auto answer = inspect_first_bytes(first, target(text), given);
    const auto got = !answer ? Verdict::undecided : answer->empty() ? Verdict::passes : Verdict::refused;
    EXPECT_EQ(got, verdict) << text << " " << rule << " " << answer.value_or("");
  }
}

}  // namespace
}  // namespace butler::egress::permission_test
