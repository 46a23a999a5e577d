#include "console/chat_rules.hpp"

#include <vector>

#include "console/job_text.hpp"
#include "domain/job_id.hpp"
#include "domain/overloaded.hpp"

namespace butler::console {

namespace {

constexpr std::string_view no_bot;  // nobody is called by name here

bool is_farewell(const domain::ChatCommand& command) {
  const auto* const unknown = std::get_if<domain::UnknownCommand>(&command);
  return unknown != nullptr && (unknown->name == "quit" || unknown->name == "exit" || unknown->name == "q");
}

/// The counterpart of what does not belong into a conversation at a terminal; "" for what does.
std::string counterpart(const domain::ChatCommand& command) {
  const auto advice =
      domain::Overloaded{[](const domain::RunCommand&) { return "you are at a terminal: run it there"; },
                         [](const domain::RetryCommand&) { return "butler job retry <id>"; },
                         [](const domain::JobsCommand&) { return "butler jobs"; },
                         [](const domain::PanicCommand&) { return "butler panic status|on|off"; },
                         [](const domain::PairingsCommand&) { return "butler pair list"; },
                         [](const domain::ApprovePairCommand&) { return "butler pair approve <code>"; },
                         [](const domain::UnpairCommand&) { return "butler pair remove <id>"; },
                         [](const domain::SettingsCommand&) { return "butler config list"; },
                         [](const domain::ContextCommand&) { return "butler jobs, butler job show <id>"; },
                         [](const domain::WhoamiCommand&) { return "you are the owner of this machine"; },
                         [](const auto&) { return ""; }};
  return std::visit(advice, command);
}

}  // namespace

std::optional<ChatLine> read_chat_line(std::string_view line) {
  if (line.find_first_not_of(" \t") == std::string_view::npos) return std::nullopt;
  auto understood = domain::parse_chat_text(line, no_bot);
  if (!understood) return ChatLine{domain::TaskCommand{std::string{line}}};
  if (is_farewell(understood->command)) return ChatLine{Leave{}};
  std::string advice = counterpart(understood->command);
  if (!advice.empty()) return ChatLine{Elsewhere{std::move(advice)}};
  return ChatLine{std::move(understood->command)};
}

std::string chat_help() {
  return "Write what you need in plain words. Or:\n"
         "  /new [request]                    a fresh conversation\n"
         "  /status                           what runs and waits in this one\n"
         "  /steer <text>                     tells the running job something\n"
         "  /abort [job]                      stops what runs (Ctrl-C does too)\n"
         "  /approve [id] [session|always]    lets a tool call run\n"
         "  /deny [id] [reason]               refuses it\n"
         "  /quit                             leaves (Ctrl-D does too)";
}

std::expected<WaitingCall, std::string> call_meant(std::span<const WaitingCall> shown,
                                                   std::string_view typed) {
  std::vector<WaitingCall> fitting;
  for (const auto& call : shown) {
    if (typed.empty() || domain::matches_short_job_id(call.approval.id, typed)) fitting.push_back(call);
  }
  if (fitting.size() == 1) return fitting.front();
  if (shown.empty()) return std::unexpected("Nothing waits for a decision here.");
  std::string text = fitting.empty() ? "Nothing here has that id. What waits:" : "Which one?";
  for (const auto& call : shown) text += "\n  " + how_to_decide(call.approval, AskedIn::chat);
  return std::unexpected(text);
}

}  // namespace butler::console
