#pragma once

#include <string>
#include <vector>

#include "sandbox_probe/targets.hpp"

namespace butler::sandbox_probe {

/// Enters a network of its own in which the addresses of a small world are loopback's, as root or over a user
/// namespace in which the user stays who they are; false where neither can be had. Then the host's network is
/// used, and the world's addresses are unknown.
bool enter_network();

/// Opens the machine's services and tells where they are. Returns "kind:descriptor" words for the bystander;
/// the descriptors stay open across exec.
std::vector<std::string> open_services(bool own_network, const std::string& folder, Targets& targets);

}  // namespace butler::sandbox_probe
