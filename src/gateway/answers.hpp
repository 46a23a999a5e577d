#pragma once

#include "domain/job.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Puts what became of a job into the outbox, once per job however often it is told.
class Answers {
 public:
  Answers(GatewayStore& store, OutboxSender& outbox) : store_(store), outbox_(outbox) {}

  /// For a job that has ended. Inside a unit of the store.
  void put(const domain::Job& job);

 private:
  GatewayStore& store_;
  OutboxSender& outbox_;
};

}  // namespace butler::gateway
