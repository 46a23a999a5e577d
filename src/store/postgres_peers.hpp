#pragma once

#include <string>

#include "store/peers.hpp"
#include "store/postgres_link.hpp"

namespace butler::store {

/// The orchestrators of a PostgreSQL database.
class PostgresPeers final : public Peers {
 public:
  /// @param name  of this process, without spaces
  PostgresPeers(PostgresLink& link, std::string url, std::string name)
      : link_(link), url_(std::move(url)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  std::optional<std::string> enter(const std::string& artifacts, std::chrono::milliseconds recently) override;
  bool attend(std::chrono::milliseconds gap) override;

  void extend_lease(std::int64_t job_row, std::chrono::milliseconds lease) override;
  void extend_all_leases(std::chrono::milliseconds lease) override;
  void bound_leases(std::chrono::milliseconds lease) override;
  std::vector<std::string> expired_leases() override;

  void put_sightings(SightingKind kind, const std::vector<Sighting>& seen) override;
  std::vector<Sighting> sightings_elsewhere(SightingKind kind) override;

  void announce(const std::vector<std::string>& texts) override;
  std::int64_t announced() override;
  boost::asio::awaitable<void> listen(boost::asio::any_io_executor executor, Hooks hooks) override;

 private:
  PostgresLink& link_;
  std::string url_;
  std::string name_;
  std::string artifacts_;
};

}  // namespace butler::store
