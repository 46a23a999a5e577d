#include "worker/network_gate.hpp"

#include <set>
#include <string>
#include <utility>

#include "log/log.hpp"
#include "worker/events.hpp"
#include "worker/tool_decision.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

asio::awaitable<egress::HostDecision> ask_at(const ToolGate& gate, AgentListener& listener,
                                             egress::HostQuestion question) {
  HostQuestion host{.host = question.target.host, .port = question.target.port};
  auto permission = co_await gate.admit(std::move(host), listener);
  co_return egress::HostDecision{
      .allowed = permission.allowed, .reason = std::move(permission.reason), .noted = permission.noted};
}

/// Tells each refusal of a job once, and not without end: an agent may try as often as it likes.
class Notices {
 public:
  explicit Notices(AgentListener& listener) : listener_(listener) {}

  void tell(const egress::Denial& denial) {
    if (denial.noted || told_.size() > most_told) return;
    std::string words = "Not connected to " + denial.target + ": " + denial.reason;
    if (told_.size() == most_told) words = "More connections were refused; the worker's log has them all.";
    if (told_.insert(words).second) listener_.report(refusal_event(Refused::host, words));
  }

 private:
  static constexpr std::size_t most_told = 20;

  AgentListener& listener_;
  std::set<std::string> told_;
};

}  // namespace

egress::HostPolicy host_policy(const policy::Policy& policy, const WorkspaceOwner& owner) {
  egress::HostPolicy hosts{.others = egress::HostPolicy::Others::ask};
  for (const auto& text : policy::allowed_hosts(policy, requester_of(owner), owner.id)) {
    auto rule = egress::parse_host_rule(text);
    if (rule) {
      hosts.rules.push_back(std::move(*rule));
    } else {
      log::warn("egress.rule_ignored", {{"rule", text}, {"error", rule.error()}});
    }
  }
  return hosts;
}

egress::JobHooks network_hooks(const ToolGate& gate, AgentListener& listener) {
  return {.ask = [&gate, &listener](
                     egress::HostQuestion question) { return ask_at(gate, listener, std::move(question)); },
          .on_denied =
              [notices = Notices(listener)](const egress::Denial& denial) mutable { notices.tell(denial); }};
}

}  // namespace butler::worker
