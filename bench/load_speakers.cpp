#include "load_speakers.hpp"

namespace load {
namespace {

std::string batch_of(std::size_t deltas) {
  std::string body = R"({"events":[)";
  for (std::size_t i = 0; i < deltas; ++i) {
    if (i > 0) body += ',';
    body += R"({"type":"agent_text_delta","data":{"delta":")" + std::string(200, 'x') + "\"}}";
  }
  return body + "]}";
}

}  // namespace

Speakers::Speakers(Loop& loop, Queue& queue, std::string worker_token, int jobs, std::size_t deltas)
    : token_(std::move(worker_token)), body_(batch_of(deltas)) {
  Connection& producer = loop.connect(queue.port(0), queue.framing());
  producer.on_answer([](std::string_view, double) {});
  for (int number = 0; number < jobs; ++number) {
    Connection& worker = loop.connect(queue.port(0), queue.framing());
    worker.on_answer([this, &worker](std::string_view answer, double) { hear(worker, answer); });
    worker.send(queue.claim());
    producer.send(queue.create());
    loop.run_until([&] { return running_.size() == static_cast<std::size_t>(number) + 1; });
  }
}

void Speakers::begin() {
  for (const auto& [worker, request] : running_) worker->send(request);
}

/// The answer to its claim.
void Speakers::hear(Connection& worker, std::string_view claimed) {
  const std::string path = "/v1/workers/" + std::string(json_string(claimed, "id")) + "/events";
  const std::string request = http_request(path, token_, body_, json_string(claimed, "leaseToken"));
  running_.emplace_back(&worker, request);
  worker.on_answer([this, &worker, request](std::string_view, double ms) {
    latencies_.push_back(ms);
    worker.send(request);
  });
}

}  // namespace load
