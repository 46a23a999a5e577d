#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace butler::store {

enum class SightingKind : std::uint8_t { worker, session_store };

/// Somebody who has called an orchestrator.
struct Sighting {
  std::string name;
  std::chrono::milliseconds ago{0};          ///< since the call
  std::chrono::milliseconds present_for{0};  ///< until it is missed; below 0: it is
};

/// What the orchestrators that share a database know of each other. A part of the JobStore; except for
/// announced() and listen() everything belongs to its transactions. Times are measured by the database's
/// clock, so that it does not matter how the clocks of the machines differ.
class Peers {
 public:
  virtual ~Peers() = default;

  /// This process's name among them.
  virtual const std::string& name() const = 0;

  /// From now on this one serves, with this folder of artifacts. Returns the name of another orchestrator
  /// that was seen less than `recently` ago and has another folder: files put there would not be found here.
  virtual std::optional<std::string> enter(const std::string& artifacts,
                                           std::chrono::milliseconds recently) = 0;
  /// Notes that this one serves. False when for longer than `gap` nobody has.
  virtual bool attend(std::chrono::milliseconds gap) = 0;

  /// The lease runs at least so long from now. Writes only when the row says less; a quarter more is written,
  /// so that this is not with each call. Of a job without a lease: the one that is put next, in this unit.
  virtual void extend_lease(std::int64_t job_row, std::chrono::milliseconds lease) = 0;
  /// As extend_lease(), for every job that is running or aborting; no lease runs much longer afterwards.
  virtual void extend_all_leases(std::chrono::milliseconds lease) = 0;
  /// No lease runs much longer than this, whatever the database's clock did.
  virtual void bound_leases(std::chrono::milliseconds lease) = 0;
  /// Ids of the jobs that are running or aborting and whose lease is over.
  virtual std::vector<std::string> expired_leases() = 0;

  virtual void put_sightings(SightingKind kind, const std::vector<Sighting>& seen) = 0;
  /// Who has called the others in the last day, each once.
  virtual std::vector<Sighting> sightings_elsewhere(SightingKind kind) = 0;

  /// When this transaction is committed the others hear each of these texts (and so does this process). A
  /// text has at most 7 000 bytes.
  virtual void announce(const std::vector<std::string>& texts) = 0;
  /// How many transactions have announced something.
  virtual std::int64_t announced() = 0;

  struct Announcement {
    std::int64_t number = 0;  ///< of its transaction: 1, 2, 3, …
    std::string from;         ///< the name of who announced it
    std::string text;
  };
  struct Hooks {
    std::function<void(const Announcement&)> heard;
    /// From now on announcements are heard: at the start, and again after a lost connection.
    std::function<void()> listening;
  };
  /// Hears, over a connection of its own, until cancelled.
  virtual boost::asio::awaitable<void> listen(boost::asio::any_io_executor executor, Hooks hooks) = 0;
};

}  // namespace butler::store
