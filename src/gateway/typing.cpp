#include "gateway/typing.hpp"

#include "gateway/delivery_decision.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

using std::chrono::steady_clock;

void Typing::begin(Lane lane, std::string_view action) {
  Key key{lane, action};
  auto& shown = shown_[key];
  if (shown) {
    ++shown->jobs;
    return;
  }
  shown = std::make_shared<Shown>(executor_);
  tasks_.spawn("typing", show(std::move(key), shown));
}

void Typing::end(Lane lane, std::string_view action) {
  const auto found = shown_.find(Key{lane, action});
  if (found == shown_.end() || --found->second->jobs > 0) return;
  found->second->ended.notify_all();
  shown_.erase(found);
}

asio::awaitable<void> Typing::show(Key key, std::shared_ptr<Shown> shown) {
  const Lane lane = key.first;
  while (shown->jobs > 0) {
    const std::int64_t chat_id = store_.current_chat(lane.chat_id);
    if (flood_.take_ornament(chat_id, steady_clock::now())) {
      const auto done = co_await api_.send_action(chat_id, lane.thread_id, key.second);
      if (!done) {
        log::debug("typing.refused", {{"chat", chat_id}, {"error", done.error().describe()}});
        const auto again = repeat_after(done.error(), {.all = 1, .by_server = 1}, {}, 0);
        if (!again) co_return;
        if (done.error().error_code == 429) flood_.refused(chat_id, *again, steady_clock::now());
      }
    }
    if (shown->jobs == 0) co_return;
    const auto next = steady_clock::now() + interval_;
    co_await shown->ended.wait_until(next);
  }
}

}  // namespace butler::gateway
