#pragma once

#include <filesystem>
#include <string>

#include "config/secret.hpp"

namespace butler::config {

/// Whose certificates are taken from an https:// orchestrator: ORCH_TLS_CA.
struct TrustedAuthorities {
  std::filesystem::path file = {};  ///< "" for those that the system trusts
  std::string text = {};            ///< what the file holds, PEM; read by load.hpp's functions
};

/// What a command of the owner's needs to talk to the orchestrator.
struct ClientSettings {
  std::filesystem::path home;
  std::string orchestrator_url;
  TrustedAuthorities orchestrator_authorities;
  Secret gateway_token;
};

}  // namespace butler::config
