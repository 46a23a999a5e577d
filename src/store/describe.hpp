#pragma once

#include <boost/describe.hpp>

#include "store/approval_store.hpp"

/// Names of the enumerators as the database spells them.
namespace butler::store {

BOOST_DESCRIBE_ENUM(ApprovalCall, open, carried, closed)

}  // namespace butler::store
