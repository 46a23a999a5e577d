#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "http/server.hpp"

namespace butler::worker {

/// The model of a trial: speaks the chat protocol, has the agent write a file with its shell, and answers
/// once the shell has said something.
class TrialModel final : public http::Application {
 public:
  static constexpr const char* provider = "butler-trial";
  static constexpr const char* model = "trial-1";
  static constexpr const char* key_variable = "BUTLER_TRIAL_KEY";
  static constexpr const char* proof_file = "proof.txt";
  static constexpr const char* proof_text = "it works\n";
  static constexpr const char* answer = "The trial is over: it works.";

  /// pi's models.json with this model, on this port of loopback.
  static std::string models_json(std::uint16_t port);

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override;
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override;

  int requests() const { return requests_; }

 private:
  int requests_ = 0;
};

}  // namespace butler::worker
