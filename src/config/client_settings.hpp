#pragma once

#include <filesystem>
#include <string>

#include "config/secret.hpp"

namespace butler::config {

/// What a command of the owner's needs to talk to the orchestrator.
struct ClientSettings {
  std::filesystem::path home;
  std::string orchestrator_url;
  Secret gateway_token;
};

}  // namespace butler::config
