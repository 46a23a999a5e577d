#pragma once

#include <filesystem>
#include <functional>

#include "config/load.hpp"
#include "setup/outside.hpp"
#include "terminal/style.hpp"

namespace butler::cli {

/// The world of setup: Telegram, the provider, this machine. See setup::Outside.
class SetupOutside : public setup::Outside {
 public:
  /// @param env_file  where answers are written
  /// @param palette   of what examine() says
  SetupOutside(config::Start start, config::Loaded loaded, std::filesystem::path env_file,
               terminal::Palette palette)
      : start_(std::move(start)),
        loaded_(std::move(loaded)),
        env_file_(std::move(env_file)),
        palette_(palette) {}

  setup::Outcome<setup::Bot> check_bot(const std::string& token) override;
  setup::Outcome<setup::Owner> wait_for_owner(
      const std::string& token, const setup::Bot& bot,
      const std::function<void(const std::string&, int)>& announce) override;
  setup::Outcome<model_proxy::KeyReport> check_key(const config::Environment& environment,
                                                   const std::string& new_key) override;
  std::expected<setup::ProviderNeeds, std::string> provider_needs(const std::string& provider) override;
  void save(const std::vector<config::EnvChange>& changes) override;
  bool has_local_secrets() override;
  std::string random_secret() override;
  setup::SandboxFinding probe_sandbox() override;
  bool examine(const std::function<void(std::string_view)>& say) override;

 private:
  /// Of the bot API, as the configuration has it.
  http::Url telegram_root() const;

  config::Start start_;
  config::Loaded loaded_;  ///< as it was at the start
  std::filesystem::path env_file_;
  terminal::Palette palette_;
};

}  // namespace butler::cli
