#include "gateway/gateway.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <filesystem>

#include "gateway/administration.hpp"
#include "gateway/administration_people.hpp"
#include "gateway/gateway_parts.hpp"
#include "gateway/poll_pause.hpp"
#include "gateway/webhook_plan.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr int fault_status = 1;

http::Url address(const std::string& text, std::string_view variable) {
  auto url = http::Url::parse(text);
  if (!url) throw std::runtime_error(std::string{variable} + " is no http(s) address: " + text);
  return std::move(*url);
}

std::vector<http::Url> orchestrators(const std::string& list) {
  auto urls = api::parse_addresses(list);
  if (!urls) throw std::runtime_error("ORCH_BASE_URL is no http(s) address: " + list);
  return *std::move(urls);
}

}  // namespace

Gateway::Gateway(const asio::any_io_executor& executor, const config::GatewaySettings& settings,
                 std::function<void()> on_ready, GatewayOptions options, std::optional<WebhookDoor> door)
    : executor_(executor),
      settings_(settings),
      on_ready_(std::move(on_ready)),
      options_(options),
      door_(door ? std::move(door) : open_webhook_door(settings.webhook)),
      api_(executor, address(settings.telegram_root, "TELEGRAM_API_ROOT"), settings.bot_token),
      orchestrator_(executor, orchestrators(settings.orchestrator_url), settings.gateway_token.reveal(),
                    settings.orchestrator_authorities.text),
      downloads_(executor, api_, address(settings.telegram_root, "TELEGRAM_API_ROOT"), settings.bot_token,
                 settings.telegram_server_files, options_.files.patience),
      working_(executor, [this](std::string_view task, std::string_view what) { fault(task, what); }),
      sending_(executor, [this](std::string_view task, std::string_view what) { fault(task, what); }),
      flood_(options_.sending.flood),
      grace_(executor),
      ended_(executor) {
  if (settings.database_url.empty()) {
    database_.emplace(GatewayDatabase::open(settings.home, domain::wall_clock_now()));
  }
}

Gateway::~Gateway() = default;

void Gateway::end(int exit_status) {
  if (!exit_status_) exit_status_ = exit_status;
  ended_.notify_all();
}

void Gateway::administer(admin::AdminSocket& socket, metrics::Registry& registry) {
  const FindAdministered find = [this]() -> std::optional<Administered> {
    if (!parts_) return std::nullopt;
    return Administered{.bot = parts_->bot,
                        .store = parts_->store,
                        .outbox = parts_->outbox,
                        .pairing = parts_->pairing,
                        .unpairing = parts_->unpairing,
                        .tasks = working_,
                        .updates = parts_->updates,
                        .attachments = parts_->attachments,
                        .live = parts_->live,
                        .webhook = parts_->webhook.get(),
                        .orchestrator_away = parts_->deliveries.is_away()};
  };
  add_admin_routes(socket, registry, find, [this] { return standby_; });
  add_people_routes(socket, find);
}

/// A part that must run has ended. All that matters is on disk: the next process goes on from there.
void Gateway::fault(std::string_view task, std::string_view what) {
  log::error("task.fault", {{"task", task}, {"error", what}});
  end(fault_status);
}

asio::awaitable<int> Gateway::run() {
  working_.spawn("start", start());
  bool killed = false;
  try {
    while (!exit_status_) co_await ended_.wait();
  } catch (const boost::system::system_error&) {
    killed = true;
  }
  co_await asio::this_coro::reset_cancellation_state();
  if (killed) sending_.cancel();
  co_await shut_down(killed);
  co_return exit_status_.value_or(fault_status);
}

asio::awaitable<void> Gateway::shut_down(bool killed) {
  if (parts_ && parts_->webhook) {
    const auto grace = killed ? std::chrono::milliseconds{0} : options_.webhook_grace;
    co_await parts_->webhook->shut_down(grace);
  }
  working_.cancel();  // the open poll with it: what it had confirmed was stored, nothing new is confirmed
  co_await working_.join();
  if (parts_) parts_->outbox.stop();
  grace_.spawn("grace", cut_sending());
  co_await sending_.join();
  grace_.cancel();
  co_await grace_.join();
  log::info("gateway.stopped");
}

asio::awaitable<void> Gateway::cut_sending() {
  co_await async::sleep_for(options_.stop_grace);
  sending_.cancel();
}

void Gateway::tell_ready() {
  if (!std::exchange(told_ready_, true)) on_ready_();
}

/// False when that cannot be.
asio::awaitable<bool> Gateway::open_on_server() {
  log::redact(settings_.database_url.reveal());
  std::error_code unknown;
  const auto file = settings_.home / "gateway.db";
  if (std::filesystem::exists(file, unknown)) log::warn("store.other_state", {{"file", file.string()}});
  try {
    GatewayLock lock(settings_.database_url.reveal(), bot_of_token(settings_.bot_token.reveal()));
    if (!lock.try_take()) co_await wait_for_lock(lock);
    database_.emplace(std::move(lock).open(domain::wall_clock_now()));
  } catch (const boost::system::system_error&) {  // cancelled
    throw;
  } catch (const std::runtime_error& error) {
    log::error("gateway.cannot_run", {{"error", error.what()}});
    end(fault_status);
    co_return false;
  }
  working_.spawn("database", watch_connection(executor_, *database_->server));
  co_return true;
}

/// Polls nothing and sends nothing meanwhile.
asio::awaitable<void> Gateway::wait_for_lock(GatewayLock& lock) {
  standby_ = true;
  log::info("gateway.standby", {{"works", lock.holder()}});
  tell_ready();
  co_await lock.take(executor_);
  standby_ = false;
  log::warn("gateway.took_over");
}

asio::awaitable<void> Gateway::start() {
  if (!database_ && !co_await open_on_server()) co_return;
  const auto bot = co_await identify();
  if (!bot) co_return;
  log::info("gateway.bot", {{"bot", bot->id}, {"username", bot->username}});
  start_parts(*bot);
  log::info("gateway.ready");
  tell_ready();
}

asio::awaitable<std::optional<telegram::Bot>> Gateway::identify() {
  for (int failures = 0;;) {
    auto bot = co_await api_.get_me();
    if (bot && bot->id > 0) co_return std::move(*bot);
    const telegram::ApiError error =
        bot ? telegram::ApiError{.description = "getMe without an id"} : std::move(bot.error());
    ++failures;
    const auto pause = pause_after(error, failures, {}, options_.polling.timing, process::random_fraction());
    if (pause.stop) {
      log::error("telegram.token_refused", {{"error", explain_poll_error(error)}});
      end(configuration_status);
      co_return std::nullopt;
    }
    log::warn("telegram.unreachable", {{"error", error.describe()}, {"wait_ms", pause.wait.count()}});
    co_await async::sleep_for(pause.wait);
  }
}

void Gateway::start_parts(const telegram::Bot& bot) {
  parts_ = std::make_unique<Parts>(*this, bot);
  parts_->resume();
  start_hearing();
  working_.spawn("deliveries", parts_->deliveries.run());
  working_.spawn("waiting notices", parts_->notices.run());
  working_.spawn("open texts", parts_->open_texts.run());
  working_.spawn("attachments", parts_->attachments.run());
  working_.spawn("artifacts", parts_->artifacts.run());
  working_.spawn("keyboards", parts_->keyboards.run());
  working_.spawn("menus", parts_->menus.run());
  working_.spawn("housekeeping", keep_house());
}

void Gateway::start_hearing() {
  if (!door_) return working_.spawn("polling", poll());
  parts_->webhook = std::make_unique<Webhook>(
      executor_, Webhook::Parts{.api = api_, .store = parts_->store, .intake = parts_->intake},
      settings_.webhook, *std::exchange(door_, std::nullopt),
      webhook_fact(settings_.telegram_root, parts_->bot.id), options_.webhook,
      [this](const std::string& reason) {
        parts_->tell_owners_today("webhook", [&](wording::Language language) {
          return wording::say(language, "polling.webhook_is_changed", {{"reason", reason}});
        });
      });
  parts_->webhook->start(working_);
  working_.spawn("webhook", watch_webhook());
}

std::uint16_t Gateway::webhook_port() const {
  return parts_ && parts_->webhook ? parts_->webhook->port() : std::uint16_t{0};
}

asio::awaitable<void> Gateway::poll() {
  const std::string words = co_await parts_->updates.run();
  refused(words);
}

asio::awaitable<void> Gateway::watch_webhook() {
  const std::string words = co_await parts_->webhook->watch();
  refused(words);
}

void Gateway::refused(const std::string& words) {
  log::error("telegram.token_refused", {{"error", words}});
  end(configuration_status);
}

asio::awaitable<void> Gateway::keep_house() {
  for (;;) {
    const auto now = domain::wall_clock_now();
    parts_->store.prune(now);
    const auto given_up = parts_->store.give_up_parked(now - options_.parked_messages_kept, now);
    if (given_up > 0) log::warn("outbox.kept_in_vain", {{"parts", given_up}});
    co_await async::sleep_for(std::chrono::hours{1});
  }
}

}  // namespace butler::gateway
