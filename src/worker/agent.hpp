#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/types.hpp"
#include "domain/job.hpp"
#include "worker/job_files.hpp"
#include "worker/person_wait.hpp"

/// The seam between a job and whoever does its work.
namespace butler::worker {

/// How an agent's work on a job ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    completed,  ///< `text` is the answer
    failed,     ///< `text` says why, in words for the person who asked
    aborted,    ///< it ended because abort() was called
  };
  Kind kind = Kind::completed;
  std::string text = {};
  std::optional<domain::Usage> usage = {};

  bool operator==(const Outcome&) const = default;
};

/// What came of asking people whether a tool call may start.
struct Permission {
  bool allowed = false;
  std::string reason = {};  ///< when it is not: a sentence for the agent; may be empty
  bool noted = false;       ///< a no that is on the job's record already
};

/// Who hears what the agent does, and asks people for it.
class AgentListener {
 public:
  virtual ~AgentListener() = default;

  /// Takes an event on its way to the orchestrator. Returns at once; the order is kept.
  virtual void report(api::ReportedEvent event) = 0;

  /// Waits until everything reported so far is on the orchestrator's record. False when it never will be (the
  /// lease is lost): then nothing may be done that needed the record.
  virtual boost::asio::awaitable<bool> recorded() = 0;

  /// Asks whether a tool call may start and waits for the answer, for days if it takes days. Whatever goes
  /// wrong is a no. Who stops waiting withdraws nothing: the next attempt at the job finds the answer.
  virtual boost::asio::awaitable<Permission> ask(api::ApprovalRequest request) = 0;

  /// The job's files; as long as the agent runs.
  virtual JobFiles& files() = 0;

  /// How long the job has waited for people.
  virtual const PersonWait& person_wait() const = 0;

  /// When an earlier attempt at the job ended while a tool call waited for its approval, or had it and had
  /// not started: that call. Empty otherwise.
  virtual std::optional<api::Approval> interrupted_call() const = 0;
};

/// Does the work of one job. One object per job, one run() per object.
class Agent {
 public:
  virtual ~Agent() = default;

  /// Works until the answer, a failure or an abort. The listener outlives the call.
  virtual boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) = 0;

  /// Ends the work: run() returns soon, after `patience` by force. May be called again with less patience.
  virtual void abort(std::chrono::milliseconds patience) = 0;

  /// Hands a message to the agent while it works.
  virtual void message(api::MessageMode mode, std::string text) = 0;
};

/// Makes the agent that fits a job.
using AgentFactory = std::function<std::unique_ptr<Agent>(const domain::Job& job)>;

}  // namespace butler::worker
