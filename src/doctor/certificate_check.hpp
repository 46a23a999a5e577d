#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "doctor/finding.hpp"

/// The check `certificate`: the orchestrator's TLS, and whether its address answers.
namespace butler::doctor {

struct CertificateFacts {
  std::string listener = {};     ///< "0.0.0.0:8787"
  bool reached = false;          ///< by others, over a network
  std::string certificate = {};  ///< the file; "" for plain HTTP
  std::string key = {};
  std::string fault = {};        ///< why they cannot be served with; "" when they can
  std::chrono::days left{0};     ///< until the certificate ends, rounded down; negative when it has
  std::string called = {};       ///< the host in an https:// ORCH_BASE_URL; "" for none
  bool for_called = true;        ///< the certificate is for that host
  std::string key_readers = {};  ///< a group that may read the key and has no business with it; "" for none
};

Findings judge_certificate(const CertificateFacts& facts);

struct AddressFacts {
  std::string url = {};    ///< of ORCH_BASE_URL
  std::string fault = {};  ///< why it gives no answer; "" when it does
  int status = 0;          ///< of the answer to GET /health
};

Finding judge_address(const AddressFacts& facts);

}  // namespace butler::doctor
