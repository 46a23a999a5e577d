#include "doctor/provider_check.hpp"

#include "doctor/checks.hpp"
#include "doctor/program.hpp"
#include "doctor/trial.hpp"
#include "json/value.hpp"

namespace butler::doctor {

Finding judge_provider(const ProviderFacts& facts) {
  using Key = ProviderFacts::Key;
  if (!facts.real) return left_out("No model provider is set: a mock answers (PI_PROVIDER).");
  const std::string name = facts.provider;
  const std::string why = facts.reason.empty() ? "" : " (" + facts.reason + ")";
  if (!facts.fault.empty())
    return wrong(facts.fault, "The provider can be used without the agent's seeing its key.", "butler setup");
  switch (facts.key) {
    case Key::refused: return wrong(name + " refuses the key" + why + ".", "It takes it.", "butler setup");
    case Key::unreachable:
      return wrong(name + " cannot be asked" + why + ".", "This machine reaches it.",
                   "butler doctor --only provider");
    case Key::undecided: return left_out(name + " answers, which proves nothing of its key" + why + ".");
    case Key::not_asked: return left_out(name + " was not asked" + why + ".");
    case Key::accepted: break;
  }
  if (facts.lists_model == false) {
    return doubtful(name + " takes the key, but does not list the model " + facts.model + ".",
                    "PI_MODEL is one of its models.", "butler config set PI_MODEL");
  }
  return all_well(name + " takes the key.");
}

void read_provider_report(const std::string& report, ProviderFacts& facts) {
  const auto said = json::parse(report);
  if (!said) {
    facts.fault = "The provider's set-up could not be looked at.";
    return;
  }
  facts.fault = json::find_string(*said, "fault");
  facts.reason = json::find_string(*said, "reason");
  const auto verdict = json::find_string(*said, "verdict");
  using Key = ProviderFacts::Key;
  if (verdict == "accepted") facts.key = Key::accepted;
  if (verdict == "refused") facts.key = Key::refused;
  if (verdict == "unreachable") facts.key = Key::unreachable;
  if (verdict == "undecided") facts.key = Key::undecided;
  if (const auto* const lists = json::find(*said, "listsModel"); lists != nullptr && lists->is_bool())
    facts.lists_model = lists->get_bool();
}

boost::asio::awaitable<Findings> check_provider(const Context& context) {
  if (!context.worker) co_return Findings{left_out("The worker's configuration is wrong.")};
  const auto& settings = *context.worker;
  ProviderFacts facts{
      .real = settings.mode == config::ExecMode::rpc, .provider = settings.provider, .model = settings.model};
  if (!facts.real) co_return Findings{judge_provider(facts)};
  std::vector<std::string> words{this_program(), trial_command, "provider"};
  const auto end = co_await run_program(context.executor, std::move(words));
  read_provider_report(end.output, facts);
  co_return Findings{judge_provider(facts)};
}

}  // namespace butler::doctor
