#include "doctor/certificate_check.hpp"

#include <grp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <vector>

#include "api/orchestrator_addresses.hpp"
#include "config/values.hpp"
#include "doctor/checks.hpp"
#include "domain/timestamp.hpp"
#include "http/client.hpp"
#include "http/server_tls.hpp"

namespace butler::doctor {

namespace {

constexpr std::chrono::days renewal_is_due{14};
constexpr std::chrono::seconds health_patience{5};
constexpr const char* restart_remark = "The orchestrator reads it at its start: restart Butler afterwards.";

std::string look_at_certificate(const std::string& file) {
  return "openssl x509 -noout -subject -ext subjectAltName -enddate -in " + shell_word(file);
}

std::string group_name(gid_t group) {
  std::array<char, 16'384> buffer{};
  ::group entry{};
  ::group* found = nullptr;
  ::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(group) : std::string{found->gr_name};
}

/// A group that may read the key, unless it is that of the user whose the databases are.
std::string find_key_readers(const Context& context, const std::filesystem::path& key) {
  struct stat status{};
  if (::stat(key.c_str(), &status) != 0 || (status.st_mode & S_IRGRP) == 0) return "";
  if (context.control && context.control->gid == status.st_gid) return "";
  return group_name(status.st_gid);
}

/// What gateway and worker of this machine call, with whom they trust; empty when neither is configured.
struct Called {
  std::vector<http::Url> addresses = {};
  std::string authorities = {};
};

Called called_addresses(const Context& context) {
  const auto both = [](const auto& settings) {
    auto addresses = api::parse_addresses(settings.orchestrator_url);
    return Called{.addresses = addresses ? *std::move(addresses) : std::vector<http::Url>{},
                  .authorities = settings.orchestrator_authorities.text};
  };
  if (context.worker) return both(*context.worker);
  return context.gateway ? both(*context.gateway) : Called{};
}

/// With several orchestrators each is one of the addresses.
bool is_for_one(http::ServerTls& tls, const std::vector<http::Url>& addresses) {
  return std::ranges::any_of(addresses,
                             [&tls](const http::Url& url) { return url.tls && tls.is_for(url.host); });
}

void read_certificate(const Context& context, const Called& called, CertificateFacts& facts) {
  const auto& settings = *context.orchestrator;
  facts.certificate = settings.certificate.string();
  facts.key = settings.key.string();
  try {
    const auto tls = http::ServerTls::from_files(settings.certificate, settings.key);
    facts.left = std::chrono::floor<std::chrono::days>(tls->expires() - domain::wall_clock_now());
    if (!facts.called.empty()) facts.for_called = is_for_one(*tls, called.addresses);
    facts.key_readers = find_key_readers(context, settings.key);
  } catch (const std::exception& fault) {
    facts.fault = fault.what();
  }
}

boost::asio::awaitable<Finding> ask_address(const Context& context, http::Url url, std::string authorities) {
  AddressFacts facts{.url = "https://" + url.host + ":" + url.port + url.path};
  try {
    http::Client client(context.executor, url, {},
                        {.text = std::move(authorities), .setting = "ORCH_TLS_CA"});
    http::Request request{.head = {.method = "GET", .target = "/health"}};
    const auto response = co_await client.send(std::move(request), health_patience);
    if (response) {
      facts.status = response->status;
    } else {
      facts.fault = response.error().message;
    }
  } catch (const std::runtime_error& fault) {
    facts.fault = fault.what();
  }
  co_return judge_address(facts);
}

}  // namespace

Findings judge_certificate(const CertificateFacts& facts) {
  if (facts.certificate.empty()) {
    if (!facts.reached) return {all_well("The orchestrator serves this machine only, without TLS.")};
    return {
        doubtful("Others can reach the orchestrator at " + facts.listener +
                     " without TLS (ORCH_UNSAFE_PLAIN): whoever listens on the way reads the tokens.",
                 "It has a certificate, unless nobody but a proxy reaches it.",
                 "butler config unset ORCH_UNSAFE_PLAIN",
                 "With ORCH_TLS_CERT and ORCH_TLS_KEY in its place; docs/workers-elsewhere.md says how.")};
  }
  if (!facts.fault.empty()) {
    return {
        wrong("The orchestrator cannot start with TLS: " + as_sentence(facts.fault),
              "ORCH_TLS_CERT and ORCH_TLS_KEY are PEM files that belong together, and the key is private.",
              "ls -lL " + shell_word(facts.certificate) + " " + shell_word(facts.key), restart_remark)};
  }
  Findings findings;
  const std::string look = look_at_certificate(facts.certificate);
  const std::string days = std::to_string(std::abs(facts.left.count()));
  if (facts.left < std::chrono::days{0}) {
    findings.push_back(wrong("The orchestrator's certificate has expired " + days + " days ago.",
                             "It is renewed; clients refuse this one.", look, restart_remark));
  } else if (facts.left < renewal_is_due) {
    findings.push_back(doubtful("The orchestrator's certificate expires in " + days + " days.",
                                "It is renewed before.", look, restart_remark));
  }
  if (!facts.for_called) {
    findings.push_back(
        wrong("The orchestrator's certificate is not for " + facts.called + ", which ORCH_BASE_URL calls it.",
              "It is for the name in ORCH_BASE_URL.", look));
  }
  if (!facts.key_readers.empty()) {
    findings.push_back(doubtful(
        "The group " + facts.key_readers + " can read the orchestrator's key " + facts.key + ".",
        "Its owner alone can: it is read before root is given up.", "chmod g-r " + shell_word(facts.key)));
  }
  if (findings.empty())
    findings.push_back(all_well("The orchestrator's certificate holds for " + days + " more days."));
  return findings;
}

Finding judge_address(const AddressFacts& facts) {
  constexpr int forbidden = 403;
  constexpr int well = 200;
  const std::string look = "curl -sS " + shell_word(facts.url + "/health");
  if (!facts.fault.empty()) {
    return wrong(
        "The orchestrator at " + facts.url + " cannot be asked: " + as_sentence(facts.fault),
        "It runs, and its certificate is one that is trusted here.", look,
        "ORCH_TLS_CA names the authority's file where the system does not know it: curl --cacert FILE.");
  }
  if (facts.status == forbidden) {
    return wrong("The orchestrator at " + facts.url + " may not be called by this name.",
                 "ORCH_ALLOWED_HOSTS of the orchestrator lists the name.",
                 "butler config set ORCH_ALLOWED_HOSTS", "On the orchestrator's machine.");
  }
  if (facts.status != well) {
    return wrong("The orchestrator at " + facts.url + " answers " + std::to_string(facts.status) + ".",
                 "It answers 200.", look);
  }
  return all_well("The orchestrator at " + facts.url + " answers, and its certificate is trusted.");
}

boost::asio::awaitable<Findings> check_certificate(const Context& context) {
  const auto called = called_addresses(context);
  Findings findings;
  if (context.orchestrator) {
    CertificateFacts facts{
        .listener = context.orchestrator->host + ":" + std::to_string(context.orchestrator->port),
        .reached = !config::is_loopback(context.orchestrator->host)};
    for (const auto& url : called.addresses) {
      if (url.tls) facts.called += (facts.called.empty() ? "" : " or ") + url.host;
    }
    if (!context.orchestrator->certificate.empty()) read_certificate(context, called, facts);
    findings = judge_certificate(facts);
  } else {
    findings.push_back(left_out("The orchestrator's configuration is wrong."));
  }
  co_return findings;
}

boost::asio::awaitable<Findings> check_address(const Context& context) {
  const auto called = called_addresses(context);
  if (called.addresses.empty())
    co_return Findings{left_out("The configuration of gateway and worker is wrong.")};
  Findings findings;
  for (const auto& url : called.addresses) {
    if (url.tls) findings.push_back(co_await ask_address(context, url, called.authorities));
  }
  if (findings.empty())
    findings.push_back(all_well("Gateway and worker call the orchestrator on this machine, without TLS."));
  co_return findings;
}

}  // namespace butler::doctor
