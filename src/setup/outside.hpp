#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/env_edit.hpp"
#include "config/environment.hpp"
#include "model_proxy/key_check.hpp"
#include "setup/owner_code.hpp"

namespace butler::setup {

/// Why something outside gave no result.
struct Trouble {
  enum class Kind : std::uint8_t {
    refused,      ///< it was said no, and a repeat will not help
    unreachable,  ///< later, or once more, may do better
    interrupted,  ///< the person has stopped it
  };
  Kind kind = Kind::unreachable;
  std::string text = {};  ///< a part of a sentence
};

template <class T>
using Outcome = std::expected<T, Trouble>;

struct Bot {
  std::int64_t id = 0;
  std::string username = {};
};

/// What contains agents on this machine.
struct SandboxFinding {
  bool contained = false;
  std::string text = {};  ///< the tier, or why there is none and what to do: a sentence
};

/// The variables of a provider.
struct ProviderNeeds {
  std::vector<std::string> keys = {};    ///< any one of them is enough; none: it needs no key
  std::vector<std::string> extras = {};  ///< what else it may need
};

/// Everything that setup does beyond the terminal. Each call blocks; Ctrl-C ends it as `interrupted`.
class Outside {
 public:
  virtual ~Outside() = default;

  virtual Outcome<Bot> check_bot(const std::string& token) = 0;
  /// Waits until somebody sends the bot a code that is made for this call. `announce` is told the code and
  /// the minutes that it lives. Nothing of what others have sent is taken from the bot.
  virtual Outcome<Owner> wait_for_owner(const std::string& token, const Bot& bot,
                                        const std::function<void(const std::string&, int)>& announce) = 0;
  /// Asks the provider that this configuration names. `new_key` is the key that was given in this run, "" for
  /// none: where another goes before it, which would be used in its place, the report is `undecided`.
  virtual Outcome<model_proxy::KeyReport> check_key(const config::Environment& environment,
                                                    const std::string& new_key) = 0;
  /// What a provider of that name needs. The error says why it cannot be used, a part of a sentence.
  virtual std::expected<ProviderNeeds, std::string> provider_needs(const std::string& provider) = 0;
  /// Writes to .env. Throws std::exception when that is not possible.
  virtual void save(const std::vector<config::EnvChange>& changes) = 0;
  /// Whether the home holds API secrets already.
  virtual bool has_local_secrets() = 0;
  virtual std::string random_secret() = 0;
  virtual SandboxFinding probe_sandbox() = 0;
  /// Looks whether everything works, and says what it finds, line by line. False when something does not.
  virtual bool examine(const std::function<void(std::string_view)>& say) = 0;
};

}  // namespace butler::setup
