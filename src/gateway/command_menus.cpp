#include "gateway/command_menus.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "gateway/repeat_call.hpp"
#include "gateway/wording_commands.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using telegram::CommandScope;

std::string as_text(const std::vector<telegram::BotCommand>& commands) {
  std::string text;
  for (const auto& one : commands) text += one.command + "=" + one.description + "\n";
  return text;
}

std::vector<CommandMenu> menus_in(wording::Language language, std::string_view code,
                                  const std::vector<std::int64_t>& owners,
                                  const domain::PermissionRules& rules) {
  std::vector<CommandMenu> menus{{CommandScope::all_private_chats().in(code),
                                  wording::private_menu(language, domain::Role::person, rules)},
                                 {CommandScope::all_group_chats().in(code), wording::group_menu(language)}};
  for (const std::int64_t owner : owners) {
    menus.push_back(
        {CommandScope::chat(owner).in(code), wording::private_menu(language, domain::Role::owner, rules)});
  }
  return menus;
}

}  // namespace

std::vector<CommandMenu> wanted_menus(const std::vector<std::int64_t>& owners,
                                      const domain::PermissionRules& rules,
                                      std::optional<wording::Language> fixed) {
  const wording::Language others = fixed.value_or(wording::Language::en);
  std::vector<CommandMenu> menus = menus_in(others, "", owners, rules);
  if (fixed) return menus;
  for (const wording::Language language : butler::wording::all_languages) {
    if (language == others) continue;
    std::ranges::move(menus_in(language, wording::code_of(language), owners, rules),
                      std::back_inserter(menus));
  }
  return menus;
}

asio::awaitable<void> CommandMenus::run() {
  for (;;) {
    if (std::exchange(due_, false)) co_await tell_all();
    if (!due_) co_await look_again_.wait();
  }
}

void CommandMenus::look_again() {
  due_ = true;
  look_again_.notify_all();
}

asio::awaitable<void> CommandMenus::tell_all() {
  std::vector<std::string> stale = store_.facts_that_begin(note_prefix_);
  for (const CommandMenu& menu : wanted_) {
    const std::string fact = note_prefix_ + menu.scope.name();
    std::erase(stale, fact);
    if (store_.fact(fact) != as_text(menu.commands)) co_await set(menu);
  }
  for (const std::string& fact : stale) co_await remove(fact);
}

asio::awaitable<void> CommandMenus::set(CommandMenu menu) {
  const std::function call = [&] { return api_.set_my_commands(menu.scope, menu.commands); };
  const auto done = co_await repeat_call<void>(call, flood_);
  if (done) {
    store_.set_fact(note_prefix_ + menu.scope.name(), as_text(menu.commands));
  } else {
    log::warn("telegram.commands_not_registered",
              {{"scope", menu.scope.name()}, {"error", done.error().describe()}});
  }
}

asio::awaitable<void> CommandMenus::remove(std::string fact) {
  const auto scope = CommandScope::read(std::string_view{fact}.substr(note_prefix_.size()));
  if (scope) {
    const std::function call = [&] { return api_.delete_my_commands(*scope); };
    const auto done = co_await repeat_call<void>(call, flood_);
    if (!done) {
      log::warn("telegram.commands_not_registered",
                {{"scope", scope->name()}, {"error", done.error().describe()}});
      co_return;
    }
  }
  store_.remove_fact(fact);
}

}  // namespace butler::gateway
