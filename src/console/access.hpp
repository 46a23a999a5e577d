#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace butler::console {

/// How the terminal reaches Butler.
///
/// Whoever can read the gateway's token is the machine's owner: it opens the whole API, and it lies in files
/// that are theirs alone. What they decide is noted under their own name (`person`), which is none that a
/// chat could have: ids of Telegram are numbers. Where others could read the token too, nothing is allowed
/// here.
struct Access {
  std::filesystem::path home;    ///< where the roles' sockets are
  std::string url;               ///< the orchestrator's
  std::string authorities = {};  ///< whose certificates are taken from it, PEM; "" for the system's
  std::string token;             ///< ORCH_GATEWAY_TOKEN
  std::string person;            ///< "cli:anna"
  std::string doubt = {};  ///< why others could have read the token too, and the mend; "" when they cannot
};

/// "cli:" and the name of the user who has started this process, sudo or not.
std::string terminal_person();

/// What keeps a command from doing its work: a sentence that ends with the next step.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace butler::console
