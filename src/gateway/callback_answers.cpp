#include "gateway/callback_answers.hpp"

#include <utility>

#include "domain/utf8.hpp"
#include "gateway/delivery_decision.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t longest_toast = 200;
/// Clients have given up by then, and so has Telegram soon after.
constexpr std::chrono::seconds worth_answering{15};

}  // namespace

void CallbackAnswers::expect(const std::string& query_id, std::string meanwhile) {
  auto& waiting = waiting_[query_id];
  if (waiting) return;
  waiting = std::make_shared<Waiting>(executor_);
  tasks_.spawn("callback", wait(query_id, waiting, std::move(meanwhile)));
}

void CallbackAnswers::answer(const std::string& query_id, Toast toast) {
  const auto found = waiting_.find(query_id);
  if (found == waiting_.end()) return tasks_.spawn("callback", send(query_id, std::move(toast)));
  found->second->toast = std::move(toast);
  found->second->answered.notify_all();
  waiting_.erase(found);
}

asio::awaitable<void> CallbackAnswers::wait(std::string query_id, std::shared_ptr<Waiting> waiting,
                                            std::string meanwhile) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  if (!waiting->toast) co_await waiting->answered.wait_until(deadline);
  if (!waiting->toast) waiting_.erase(query_id);
  Toast toast = waiting->toast.value_or(Toast{.text = std::move(meanwhile)});
  co_await send(std::move(query_id), std::move(toast));
}

asio::awaitable<void> CallbackAnswers::send(std::string query_id, Toast toast) {
  const std::string text = domain::shorten(toast.text, longest_toast);
  const auto give_up = std::chrono::steady_clock::now() + worth_answering;
  for (CallFailures failures{.all = 1};; ++failures.all) {
    const auto answered = co_await api_.answer_callback_query(query_id, text, toast.alert);
    if (answered) co_return;
    if (failed_by_server(answered.error())) ++failures.by_server;
    const auto again = repeat_after(answered.error(), failures, {}, process::random_fraction());
    if (!again || std::chrono::steady_clock::now() + *again > give_up) {
      log::warn("callback.not_answered", {{"error", answered.error().describe()}});
      co_return;
    }
    co_await async::sleep_for(*again);
  }
}

}  // namespace butler::gateway
