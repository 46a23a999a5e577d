#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/decode.hpp"
#include "config/load.hpp"

namespace butler::config::tls_decode_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Variables = std::map<std::string, std::string>;

Environment working_with(const Variables& variables) {
  Variables all{{"ORCH_GATEWAY_TOKEN", "gateway-0123456789-abcdef"},
                {"ORCH_WORKER_TOKEN", "worker-0123456789-abcdef"},
                {"TELEGRAM_BOT_TOKEN", "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz0123456"},
                {"TG_OWNER_IDS", "1001"}};
  for (const auto& [name, value] : variables) all[name] = value;
  Environment environment;
  for (const auto& [name, value] : all) environment[name] = Entry{value, environment_source};
  return environment;
}

Place place() {
  Place place;
  place.home = "/home/ada/.butler";
  place.working_directory = "/home/ada";
  return place;
}

template <class Settings>
std::vector<std::string> texts(const Decoded<Settings>& decoded) {
  std::vector<std::string> all;
  if (!decoded) {
    for (const auto& problem : decoded.error()) all.push_back(problem.text());
  }
  return all;
}

TEST(TlsDecode, AListenerThatOthersReachNeedsTlsOrItsUnsafeName) {
  const Variables tls{{"ORCH_TLS_CERT", "cert.pem"}, {"ORCH_TLS_KEY", "/etc/key.pem"}};
  for (const auto* const host : {"0.0.0.0", "::", "10.0.0.1"}) {
    Variables variables{{"ORCH_HOST", host}};
    EXPECT_THAT(texts(decode_orchestrator(working_with(variables), place())),
                ElementsAre(HasSubstr("needs TLS: set ORCH_TLS_CERT")))
        << host;
    variables.insert(tls.begin(), tls.end());
    EXPECT_THAT(texts(decode_orchestrator(working_with(variables), place())), IsEmpty()) << host;
    EXPECT_TRUE(
        decode_orchestrator(working_with({{"ORCH_HOST", host}, {"ORCH_UNSAFE_PLAIN", "true"}}), place()));
  }
  EXPECT_TRUE(decode_orchestrator(working_with({{"ORCH_HOST", "127.0.0.2"}}), place()));
}

TEST(TlsDecode, CertificateAndKeyBelongTogether) {
  EXPECT_THAT(texts(decode_orchestrator(working_with({{"ORCH_TLS_CERT", "c"}}), place())),
              ElementsAre(HasSubstr("ORCH_TLS_KEY: has to be set, too")));
  EXPECT_THAT(texts(decode_orchestrator(working_with({{"ORCH_TLS_KEY", "k"}}), place())),
              ElementsAre(HasSubstr("ORCH_TLS_CERT: has to be set, too")));
}

TEST(TlsDecode, WhereTheListenerStandsIsRead) {
  const auto settings = decode_orchestrator(working_with({{"ORCH_TLS_CERT", "cert.pem"},
                                                          {"ORCH_TLS_KEY", "/etc/key.pem"},
                                                          {"ORCH_ALLOWED_HOSTS", "butler.example, fd00::1"}}),
                                            place());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->certificate, "/home/ada/cert.pem");
  EXPECT_EQ(settings->key, "/etc/key.pem");
  EXPECT_THAT(settings->allowed_hosts, ElementsAre("butler.example", "fd00::1"));
}

TEST(TlsDecode, WithACertificateEveryClientIsToldAnHttpsAddress) {
  const auto plain = working_with({{"ORCH_TLS_CERT", "cert.pem"}});
  const auto sentence = HasSubstr("ORCH_BASE_URL: has to be an https:// address");
  EXPECT_THAT(texts(decode_gateway(plain, place())), ElementsAre(sentence));
  EXPECT_THAT(texts(decode_worker(plain, place())), ElementsAre(sentence));
  EXPECT_THAT(texts(decode_client(plain, place())), ElementsAre(sentence));
  EXPECT_THAT(
      texts(decode_worker(working_with({{"ORCH_TLS_CERT", "cert.pem"},
                                        {"ORCH_BASE_URL", "https://a.example, http://127.0.0.1:8787"}}),
                          place())),
      ElementsAre(HasSubstr("has to be an https:// address")));
  const auto secure = working_with({{"ORCH_TLS_CERT", "cert.pem"},
                                    {"ORCH_BASE_URL", "https://butler.example:8787"},
                                    {"ORCH_TLS_CA", "ca.pem"}});
  const auto settings = decode_worker(secure, place());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->orchestrator_url, "https://butler.example:8787");
  EXPECT_EQ(settings->orchestrator_authorities.file, "/home/ada/ca.pem");
}

TEST(TlsDecode, TheKeysPathIsTheOrchestratorsAlone) {
  const auto environment = working_with({{"ORCH_TLS_CERT", "/c"}, {"ORCH_TLS_KEY", "/k"}});
  for (const auto role : {Role::gateway, Role::worker})
    EXPECT_FALSE(select_variables(environment, place(), role).contains("ORCH_TLS_KEY"));
  EXPECT_TRUE(select_variables(environment, place(), Role::orchestrator).contains("ORCH_TLS_KEY"));
}

TEST(TlsDecode, AuthoritiesAreReadWithTheSettingsAndWhatIsNoneIsNamed) {
  std::string folder = std::filesystem::temp_directory_path() / "butler-authorities-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path{folder} / "ca.pem";
  Loaded loaded;
  loaded.place = place();
  loaded.environment =
      working_with({{"ORCH_BASE_URL", "https://butler.example"}, {"ORCH_TLS_CA", file.string()}});
  EXPECT_THAT(texts(worker_settings(loaded)), ElementsAre(HasSubstr("ca.pem cannot be read (No such file")));
  std::ofstream(file) << "hello\n";
  EXPECT_THAT(texts(gateway_settings(loaded)), ElementsAre(HasSubstr("holds no certificate in PEM form")));
  std::ofstream(file) << "-----BEGIN CERTIFICATE-----\n";
  const auto settings = client_settings(loaded);
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->orchestrator_authorities.text, HasSubstr("BEGIN"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace butler::config::tls_decode_test
