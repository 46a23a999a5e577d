#include "gateway/lanes.hpp"

#include <utility>

namespace butler::gateway {

namespace asio = boost::asio;

Lanes::Lanes(async::TaskGroup& tasks, std::string name, Step step)
    : tasks_(tasks), name_(std::move(name)), step_(std::move(step)) {}

void Lanes::wake(Lane lane) {
  const auto [place, started] = active_.emplace(lane, true);
  place->second = true;
  if (started) tasks_.spawn(name_, run(lane));
}

asio::awaitable<void> Lanes::run(Lane lane) {
  struct Leave {
    std::map<Lane, bool>& active;
    Lane lane;
    ~Leave() { active.erase(lane); }
  } leave{active_, lane};

  bool& woken = active_.at(lane);
  while (std::exchange(woken, false)) {
    bool more = true;
    while (more) more = co_await step_(lane);
  }
}

}  // namespace butler::gateway
