#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The one table of configuration variables: decoding, checks, `.env.example` and `butler config list` come
/// from it.
namespace butler::config {

enum class Role : std::uint8_t { orchestrator, gateway, worker };

/// "orchestrator", "gateway", "worker".
std::string_view role_name(Role role);

/// A set of roles.
struct Roles {
  bool orchestrator = false;
  bool gateway = false;
  bool worker = false;

  constexpr bool has(Role role) const {
    return role == Role::orchestrator ? orchestrator : role == Role::gateway ? gateway : worker;
  }
};

enum class Kind : std::uint8_t {
  text,
  name,  ///< 1 to 64 letters, digits, '.', '_', '-'
  path,
  whole,  ///< a whole number, least to most
  flag,
  choice,     ///< one of `choices`
  secret,     ///< an API secret
  bot_token,  ///< also a secret
  address,    ///< a numeric address to listen on
  url,
  urls,          ///< comma separated
  database_url,  ///< also a secret: it holds a password
  hosts,         ///< names and numeric addresses of machines, comma separated
  ids,           ///< numeric Telegram ids, comma separated
  labels,        ///< names, comma separated
  command,       ///< a command line, split as a shell would
  amount,        ///< US dollars, more than none
};

enum class Support : std::uint8_t {
  full,
  ignored,  ///< of the first version; has no effect any more
  planned,  ///< checked, but without effect yet: whoever sets it is warned
  refused,  ///< not there yet, and going on without it would mislead: whoever sets it is stopped
};

struct Variable {
  std::string_view name;
  Kind kind = Kind::text;
  Roles roles = {};
  std::string_view default_value =
      {};  ///< "" when there is none, or when `derived_default` says where it comes from
  std::string_view meaning = {};  ///< one sentence without its full stop
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::string_view choices = {};          ///< "mock|rpc"
  std::string_view derived_default = {};  ///< words for people: "<home>/workspace"
  Support support = Support::full;
  bool required = false;

  constexpr bool secret() const {
    return kind == Kind::secret || kind == Kind::bot_token || kind == Kind::database_url;
  }
};

/// In the order in which they are shown.
std::span<const Variable> variables();

/// nullptr for a name that is not in the table.
const Variable* find_variable(std::string_view name);

/// What a value may be, for people: "a whole number from 1 to 65535".
std::string describe_allowed(const Variable& variable);

}  // namespace butler::config
