#pragma once

#include <boost/describe.hpp>

#include "domain/describe.hpp"
#include "policy/policy.hpp"

/// Names of the enumerators, as the policy file, the log and `butler policy explain` spell them.
namespace butler::policy {

BOOST_DESCRIBE_ENUM(Verdict, allow, ask, deny)
BOOST_DESCRIBE_ENUM(Requester, owner, person, group)
BOOST_DESCRIBE_ENUM(CommandClass, read, write_in_workspace, write_outside, network, package_install,
                    privilege, destructive, unknown)
BOOST_DESCRIBE_ENUM(Place, workspace, scratch, system, outside, guarded, secret, butler)
BOOST_DESCRIBE_ENUM(Profile, careful, balanced, trusting)

}  // namespace butler::policy
