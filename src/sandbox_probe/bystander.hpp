#pragma once

namespace butler::sandbox_probe {

inline constexpr const char* bystander_command = "bystander";

/// Another program of the same user, for the attempts to get at: with a secret in its environment and memory,
/// and services that answer. Prints "name=value" lines about itself and "ready"; stays until it is killed.
/// The words after the command are "tcp:N", "stream:N", "udp:N" or "datagram:N": inherited sockets to serve.
int stand_by(int argc, char** argv);

}  // namespace butler::sandbox_probe
