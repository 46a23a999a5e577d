#pragma once

#include <string>

namespace butler::postgres {

/// libpq's sslmode for an address that names none: to another machine only with a certificate that is
/// checked. Throws ConnectionLost when libpq cannot read the address; its own words about that would tell the
/// password.
std::string sslmode_unless_named(const std::string& url);

}  // namespace butler::postgres
