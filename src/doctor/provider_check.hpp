#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "doctor/finding.hpp"

/// The check `provider`: its judgement. Pure.
namespace butler::doctor {

struct ProviderFacts {
  bool real = false;
  std::string provider = {};
  std::string model = {};
  std::string fault = {};  ///< why the provider cannot be used as it is set up
  /// What the provider says of the key.
  enum class Key : std::uint8_t { not_asked, accepted, refused, unreachable, undecided };
  Key key = Key::not_asked;
  std::string reason = {};               ///< why not accepted, as a sentence without the key
  std::optional<bool> lists_model = {};  ///< whether the provider lists the model; unset when it is not known
};

Finding judge_provider(const ProviderFacts& facts);

/// What `butler doctor-trial provider` has said, added to the facts. Pure.
void read_provider_report(const std::string& report, ProviderFacts& facts);

}  // namespace butler::doctor
