#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "domain/permissions.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// A menu of commands, and where Telegram shows it.
struct CommandMenu {
  telegram::CommandScope scope = {};
  std::vector<telegram::BotCommand> commands = {};
};

/// The menus that there are to be: for people, for groups, and for each owner's private chat; in `fixed`, or
/// else in each language for those who speak it, and in English for all others. Pure.
std::vector<CommandMenu> wanted_menus(const std::vector<std::int64_t>& owners,
                                      const domain::PermissionRules& rules,
                                      std::optional<wording::Language> fixed);

/// Keeps Telegram's menus of commands as they are wanted: tells only what has changed, and takes back the
/// menu of an owner who is one no longer. What was told is noted in the store.
class CommandMenus {
 public:
  /// @param place  names bot and Bot API server, for the notes
  CommandMenus(boost::asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
               FloodControl& flood, const std::string& place, std::vector<CommandMenu> wanted)
      : store_(store),
        api_(api),
        flood_(flood),
        note_prefix_("commands:" + place + ":"),
        wanted_(std::move(wanted)),
        look_again_(std::move(executor)) {}

  /// Runs until cancelled. A menu that Telegram refuses (an owner's, say, who never wrote to the bot) is
  /// logged, holds nothing back and is told again at the next look.
  boost::asio::awaitable<void> run();

  /// Something may go now that was refused before.
  void look_again();

 private:
  boost::asio::awaitable<void> tell_all();
  boost::asio::awaitable<void> set(CommandMenu menu);
  boost::asio::awaitable<void> remove(std::string fact);

  GatewayStore& store_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  std::string note_prefix_;
  std::vector<CommandMenu> wanted_;
  bool due_ = true;
  async::Event look_again_;
};

}  // namespace butler::gateway
