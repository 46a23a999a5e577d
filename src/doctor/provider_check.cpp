#include "doctor/provider_check.hpp"

#include "doctor/checks.hpp"
#include "worker/provider_setup.hpp"

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
    case Key::undecided:
      return doubtful(name + " answers, but proves nothing of the key" + why + ".", "It takes the key.",
                      "butler doctor --only provider");
    case Key::not_asked: return left_out(name + " was not asked" + why + ".");
    case Key::accepted: break;
  }
  if (facts.lists_model == false) {
    return doubtful(name + " takes the key, but does not list the model " + facts.model + ".",
                    "PI_MODEL is one of its models.", "butler config set PI_MODEL <model>");
  }
  return all_well(name + " takes the key.");
}

boost::asio::awaitable<Findings> check_provider(const Context& context) {
  if (!context.worker) co_return Findings{left_out("The worker's configuration is wrong.")};
  const auto& settings = *context.worker;
  ProviderFacts facts{
      .real = settings.mode == config::ExecMode::rpc, .provider = settings.provider, .model = settings.model};
  if (!facts.real) co_return Findings{judge_provider(facts)};
  const auto setup = worker::set_up_provider(settings, worker::read_provider_files(settings));
  if (!setup) facts.fault = setup.error();
  co_return Findings{judge_provider(facts)};
}

}  // namespace butler::doctor
