#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "setup/outside.hpp"

namespace butler::setup::test {

inline constexpr const char* right_token = "700001:right-token-0123456789abcdef";
inline constexpr const char* wrong_token = "700001:wrong-token-0123456789abcdef";

/// The world as a test wants it; keeps what was saved, in order.
class FakeOutside : public Outside {
 public:
  Outcome<Bot> check_bot(const std::string& token) override {
    if (!bot_troubles.empty()) {
      const Trouble trouble = bot_troubles.front();
      bot_troubles.pop_front();
      return std::unexpected(trouble);
    }
    if (token == right_token) return Bot{.id = 700001, .username = "tests_bot"};
    return std::unexpected(Trouble{.kind = Trouble::Kind::refused, .text = "Telegram refuses this token"});
  }
  Outcome<Owner> wait_for_owner(const std::string& token, const Bot& bot,
                                const std::function<void(const std::string&, int)>& announce) override {
    token_of_owner_watch = token + " " + bot.username;
    announce("k7qm2xwp4r", 10);
    if (owner_troubles.empty()) return Owner{.id = 1001, .name = "Ada\x1b[2J"};
    const Trouble trouble = owner_troubles.front();
    owner_troubles.pop_front();
    return std::unexpected(trouble);
  }
  Outcome<model_proxy::KeyReport> check_key(const config::Environment& environment,
                                            const std::string& new_key) override {
    new_keys.push_back(new_key);
    keys_checked.push_back(environment.contains("OPENAI_API_KEY") ? environment.at("OPENAI_API_KEY").value
                                                                  : "");
    if (keys_checked.back() == "right-key")
      return model_proxy::KeyReport{.verdict = model_proxy::KeyVerdict::accepted, .models = {"m-1", "m-2"}};
    return model_proxy::KeyReport{.verdict = verdict_otherwise, .reason = "what the provider says"};
  }
  std::expected<ProviderNeeds, std::string> provider_needs(const std::string& provider) override {
    if (provider == "openai") return ProviderNeeds{.keys = {"OPENAI_API_KEY", "OTHER_OPENAI_KEY"}};
    if (provider == "mine") return ProviderNeeds{.keys = {"MY_KEY"}, .extras = {"MY_ACCOUNT"}};
    return std::unexpected("pi does not know it");
  }
  void save(const std::vector<config::EnvChange>& changes) override {
    for (const auto& [name, value] : changes) {
      if (value) {
        saved.insert_or_assign(name, *value);
      } else {
        saved.erase(name);
      }
    }
    ++saves;
  }
  bool has_local_secrets() override { return local_secrets; }
  std::string random_secret() override { return "secret-" + std::to_string(++secrets); }
  SandboxFinding probe_sandbox() override { return sandbox; }
  bool examine(const std::function<void(std::string_view)>& say) override {
    ++examinations;
    say("All is well.");
    return works;
  }

  std::deque<Trouble> bot_troubles;
  std::deque<Trouble> owner_troubles;
  model_proxy::KeyVerdict verdict_otherwise = model_proxy::KeyVerdict::refused;
  SandboxFinding sandbox{.contained = true, .text = "Agents are contained by bwrap."};
  bool local_secrets = false;
  bool works = true;

  std::map<std::string, std::string> saved;
  int saves = 0;
  int secrets = 0;
  int examinations = 0;
  std::string token_of_owner_watch;
  std::vector<std::string> keys_checked;
  std::vector<std::string> new_keys;
};

}  // namespace butler::setup::test
