#include "postgres/address.hpp"

#include <algorithm>
#include <string_view>

#include "postgres/client_library.hpp"
#include "postgres/error.hpp"

namespace butler::postgres {

namespace {

bool is_loopback_number(std::string_view host) {
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_this_machine(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
         is_loopback_number(host) || host == "::1";
}

}  // namespace

std::string sslmode_unless_named(const std::string& url) {
  char* error = nullptr;
  PQconninfoOption* const options = libpq().PQconninfoParse(url.c_str(), &error);
  libpq().PQfreemem(error);
  if (options == nullptr) {
    throw ConnectionLost(
        "", "the database's address cannot be read; expected postgresql://user:password@host:port/name");
  }
  bool local = true;
  for (const auto* option = options; option->keyword != nullptr; ++option) {
    const std::string_view name = option->keyword;
    if (option->val == nullptr || (name != "host" && name != "hostaddr")) continue;
    for (std::string_view hosts = option->val; !hosts.empty();) {  // "one,other"
      const auto comma = std::min(hosts.find(','), hosts.size());
      local = local && is_this_machine(hosts.substr(0, comma));
      hosts.remove_prefix(std::min(comma + 1, hosts.size()));
    }
  }
  libpq().PQconninfoFree(options);
  return local ? "prefer" : "verify-full";
}

}  // namespace butler::postgres
