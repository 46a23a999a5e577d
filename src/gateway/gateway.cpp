#include "gateway/gateway.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "gateway/administration.hpp"
#include "gateway/administration_people.hpp"
#include "gateway/answers.hpp"
#include "gateway/approval_requests.hpp"
#include "gateway/command_menus.hpp"
#include "gateway/controls.hpp"
#include "gateway/deliveries.hpp"
#include "gateway/intake.hpp"
#include "gateway/job_creator.hpp"
#include "gateway/lanes.hpp"
#include "gateway/open_texts.hpp"
#include "gateway/owner_notices.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"
#include "gateway/poll_pause.hpp"
#include "gateway/waiting_notices.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr int fault_status = 1;
constexpr int configuration_status = 78;  // EX_CONFIG: another start would end the same way

http::Url address(const std::string& text, std::string_view variable) {
  auto url = http::Url::parse(text);
  if (!url) throw std::runtime_error(std::string{variable} + " is no http(s) address: " + text);
  return std::move(*url);
}

domain::PermissionRules permissions(const config::GatewaySettings& settings) {
  return {.run_owner_only = settings.run_owner_only,
          .approve_owner_only = settings.approve_owner_only,
          .allow_requester_abort = settings.allow_requester_abort};
}

JobNotices notices_of(const config::GatewaySettings& settings) {
  if (settings.only_agent_output) return {};
  return {.lifecycle = true, .tools = settings.notify_tool_events};
}

JobWatches::Options watch_options(const GatewayOptions& options, const config::GatewaySettings& settings) {
  auto watching = options.watching;
  watching.notices = notices_of(settings);
  return watching;
}

/// The day, so that an owner hears of the same trouble once on each.
std::string today() { return domain::to_iso8601(domain::wall_clock_now()).substr(0, 10); }

}  // namespace

/// What works for one bot.
struct Gateway::Parts {
  Parts(Gateway& gateway, const telegram::Bot& our_bot)
      : bot(our_bot),
        store(gateway.database_, bot.id),
        outbox(gateway.executor_, store, gateway.api_, gateway.flood_, gateway.sending_,
               gateway.options_.sending.timing, sender_events(gateway)),
        owners(outbox, gateway.settings_.owners),
        typing(gateway.executor_, store, gateway.api_, gateway.flood_, gateway.working_,
               gateway.options_.typing_interval),
        people(store, {.owners = gateway.settings_.owners, .allowed = gateway.settings_.allowed}),
        approvals(outbox, people, permissions(gateway.settings_)),
        tool_approvals(store, gateway.orchestrator_, outbox, approvals, gateway.working_),
        watches(gateway.executor_, store, gateway.orchestrator_, outbox, typing, tool_approvals,
                gateway.working_, watch_options(gateway.options_, gateway.settings_)),
        answers(store, outbox, people, notices_of(gateway.settings_),
                [this](const std::string& job_id) { watches.ended(job_id); }),
        pairing(store, outbox, people, bot),
        unpairing(store, gateway.orchestrator_, pairing, people),
        menus(gateway.executor_, store, gateway.api_, gateway.flood_,
              gateway.settings_.telegram_root + ":" + std::to_string(bot.id),
              wanted_menus(people.owners(), permissions(gateway.settings_))),
        creator(store, gateway.orchestrator_, outbox, people, approvals,
                [this](const Turn& turn, const domain::Job& job) {
                  notices.turn_taken();
                  watches.watch(turn, job);
                }),
        controls(
            store, gateway.orchestrator_, outbox, answers, people, unpairing, tool_approvals,
            {.permissions = permissions(gateway.settings_), .patience = gateway.options_.control_patience},
            bot, [this](Lane lane) { turn_stored(lane); }),
        turn_lanes(gateway.working_, "turns", [this](Lane lane) { return creator.step(lane); }),
        control_lanes(gateway.working_, "controls", [this](Lane lane) { return controls.step(lane); }),
        notices(gateway.executor_, store, outbox, gateway.options_.until_told_waiting),
        open_texts(gateway.executor_, store, outbox, gateway.options_.pasting,
                   gateway.settings_.prompt_max_chars, [this](Lane lane) { turn_stored(lane); }),
        intake(store, outbox, people, pairing, open_texts,
               {.permissions = permissions(gateway.settings_),
                .rate_limit = {.count = gateway.settings_.rate_limit_per_minute},
                .prompt_max_chars = gateway.settings_.prompt_max_chars},
               bot,
               {.turn_stored = [this](Lane lane) { turn_stored(lane); },
                .control_kept = [this](std::int64_t chat_id) { control_lanes.wake({.chat_id = chat_id}); },
                .owner_started = [this] { menus.look_again(); }}),
        updates(gateway.api_, store, intake, gateway.flood_, gateway.options_.polling,
                [this](const std::string& words) { owners.tell("polling:" + today(), words); }),
        deliveries(store, gateway.orchestrator_, answers, "telegram:" + std::to_string(bot.id)) {}

  void turn_stored(Lane lane) {
    turn_lanes.wake(lane);
    notices.turn_stored();
  }

  SenderEvents sender_events(Gateway& gateway) {
    return {.token_refused =
                [&gateway](const std::string& words) {
                  log::error("telegram.token_refused", {{"error", words}});
                  gateway.end(configuration_status);
                },
            .undeliverable =
                [this](std::int64_t chat_id, const std::string& reason) {
                  owners.tell("undeliverable:" + std::to_string(chat_id),
                              wording::undeliverable(chat_id, reason), chat_id);
                },
            .chat_moved = [this](std::int64_t) { store.after_commit([this] { wake_lanes(); }); }};
  }

  void wake_lanes() {
    for (const Lane lane : store.lanes_with_stored_turns()) turn_lanes.wake(lane);
    for (const std::int64_t chat_id : store.chats_with_controls()) control_lanes.wake({.chat_id = chat_id});
  }

  telegram::Bot bot;
  SqliteGatewayStore store;
  OutboxSender outbox;
  OwnerNotices owners;
  Typing typing;
  People people;
  ApprovalRequests approvals;
  ToolApprovals tool_approvals;
  JobWatches watches;
  Answers answers;
  Pairing pairing;
  Unpairing unpairing;
  CommandMenus menus;
  JobCreator creator;
  Controls controls;
  Lanes turn_lanes;
  Lanes control_lanes;
  WaitingNotices notices;
  OpenTexts open_texts;
  Intake intake;
  UpdateLoop updates;
  Deliveries deliveries;
};

Gateway::Gateway(const asio::any_io_executor& executor, const config::GatewaySettings& settings,
                 std::function<void()> on_ready, GatewayOptions options)
    : executor_(executor),
      settings_(settings),
      on_ready_(std::move(on_ready)),
      options_(options),
      database_(GatewayDatabase::open(settings.home, domain::wall_clock_now())),
      api_(executor, address(settings.telegram_root, "TELEGRAM_API_ROOT"), settings.bot_token),
      orchestrator_(executor, address(settings.orchestrator_url, "ORCH_BASE_URL"),
                    settings.gateway_token.reveal()),
      working_(executor, [this](std::string_view task, std::string_view what) { fault(task, what); }),
      sending_(executor, [this](std::string_view task, std::string_view what) { fault(task, what); }),
      flood_(options_.sending.flood),
      grace_(executor),
      ended_(executor) {}

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
                        .orchestrator_away = parts_->deliveries.is_away()};
  };
  add_admin_routes(socket, registry, find);
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
  co_await shut_down();
  co_return exit_status_.value_or(fault_status);
}

asio::awaitable<void> Gateway::shut_down() {
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

asio::awaitable<void> Gateway::start() {
  const auto bot = co_await identify();
  if (!bot) co_return;
  log::info("gateway.bot", {{"bot", bot->id}, {"username", bot->username}});
  start_parts(*bot);
  log::info("gateway.ready");
  on_ready_();
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
  parts_->outbox.resume();
  parts_->wake_lanes();
  parts_->watches.resume();
  parts_->tool_approvals.resume();
  working_.spawn("polling", poll());
  working_.spawn("deliveries", parts_->deliveries.run());
  working_.spawn("waiting notices", parts_->notices.run());
  working_.spawn("open texts", parts_->open_texts.run());
  working_.spawn("menus", parts_->menus.run());
  working_.spawn("housekeeping", keep_house());
}

asio::awaitable<void> Gateway::poll() {
  const std::string refused = co_await parts_->updates.run();
  log::error("telegram.token_refused", {{"error", refused}});
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
