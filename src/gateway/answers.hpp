#pragma once

#include <functional>
#include <string>

#include "domain/job.hpp"
#include "gateway/buttons.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/job_notices.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// Puts what became of a job into the outbox, once per job however often it is told.
class Answers {
 public:
  /// Who is not allowed any more gets to know that there is an answer, and not the answer. `on_answered`
  /// hears of each job whose end is on disk.
  Answers(GatewayStore& store, OutboxSender& outbox, Buttons& buttons, const People& people,
          const Languages& languages, JobNotices notices,
          std::function<void(const std::string& job_id)> on_answered)
      : store_(store),
        outbox_(outbox),
        buttons_(buttons),
        people_(people),
        languages_(languages),
        notices_(notices),
        on_answered_(std::move(on_answered)) {}

  /// For a job that has ended. Inside a unit of the store.
  void put(const domain::Job& job);

 private:
  void forget(const domain::Job& job);
  bool may_be_answered(const domain::Job& job) const;
  void note_end(const domain::Job& job, Lane lane, wording::Language language);

  GatewayStore& store_;
  OutboxSender& outbox_;
  Buttons& buttons_;
  const People& people_;
  const Languages& languages_;
  JobNotices notices_;
  std::function<void(const std::string&)> on_answered_;
};

}  // namespace butler::gateway
