#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace butler::orchestrator {

/// Something that a parked request waits for.
struct Topic {
  enum class Kind : std::uint8_t {
    claim,       ///< a job became claimable; the key is empty
    job,         ///< the job changed; key: job id
    events,      ///< the job has new events; key: job id
    lease,       ///< an abort or a message for the holder; key: job id
    deliveries,  ///< a job ended for this receiver; key: deliverTo
  };
  Kind kind = Kind::claim;
  std::string key = {};

  bool operator==(const Topic&) const = default;
};

struct TopicHash {
  std::size_t operator()(const Topic& topic) const {
    return std::hash<std::string>{}(topic.key) * 8 + static_cast<std::size_t>(topic.kind);
  }
};

/// Collects what the units of a batch have changed; the commit queue takes it before the commit.
class Touched {
 public:
  void touch(Topic topic) { topics_.push_back(std::move(topic)); }
  std::vector<Topic> take() { return std::exchange(topics_, {}); }

 private:
  std::vector<Topic> topics_;
};

}  // namespace butler::orchestrator
