#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "egress/client_hello.hpp"
#include "egress/host_name.hpp"
#include "egress/host_rule.hpp"

namespace butler::egress {

/// What an agent may reach.
struct HostPolicy {
  enum class Others : std::uint8_t {
    deny,
    ask,  ///< the person who asked for the job
  };
  std::vector<HostRule> rules = {};
  Others others = Others::deny;  ///< hosts that no rule allows
};

/// A host that no rule allows, and a job that wants to reach it.
struct HostQuestion {
  std::string job;
  Target target;
};

struct HostDecision {
  bool allowed = false;
  std::string reason = {};  ///< of a refusal, as a sentence
  bool noted = false;       ///< whoever is to hear of a refusal has heard of it
};

/// Asks a person; cancelled when the job ends. What it answers holds for the rest of the job.
using AskHost = std::function<boost::asio::awaitable<HostDecision>(HostQuestion)>;

/// A connection that was refused.
struct Denial {
  std::string job;
  std::string target;  ///< "host:port", as far as it could be read
  std::string reason;  ///< a sentence
  bool noted = false;  ///< as in the HostDecision that it comes from
};

/// What is to be done about a target, by name alone: nothing has been looked up.
struct Admission {
  enum class Kind : std::uint8_t { allow, ask, deny };
  Kind kind = Kind::deny;
  const HostRule* rule = nullptr;  ///< of the policy; that allowed it
  std::string reason = {};         ///< of a denial, as a sentence
};
Admission admit_target(const HostPolicy& policy, const Target& target);

/// What may pass of a client's first bytes: "" when they may, the reason when not, nullopt while there are
/// too few of them. They have to be TLS for the host that was named; what is no TLS passes only where the
/// rule names another port than 443. `rule` allowed the target.
std::optional<std::string> inspect_first_bytes(const FirstBytes& first, const Target& target,
                                               const HostRule& rule);

}  // namespace butler::egress
