#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"
#include "domain/usd.hpp"
#include "model_proxy/ledger.hpp"

namespace butler::worker {

/// What a day's charges come to. Pure.
class DaySpending {
 public:
  void add(const std::string& job, domain::Usd amount);

  domain::Usd all() const { return all_; }
  domain::Usd of(std::string_view job) const;

 private:
  domain::Usd all_;
  std::map<std::string, domain::Usd, std::less<>> by_job_;
};

/// A charge as a line of the day's file, with its line feed, and what a line says of one; nullopt for a line
/// that is none.
std::string spending_line(const model_proxy::Charge& charge, domain::Timestamp at);
struct SpendingEntry {
  std::string job;
  domain::Usd amount;
};
std::optional<SpendingEntry> read_spending_line(std::string_view line);

/// The ledger on disk: a file of lines for each day (by the process's time zone), which only grow, so that
/// what is spent outlives the worker, and workers that share a home share its budget. Files are kept for a
/// while, for people. What is counted against a job is what it spent today and yesterday.
class Spending final : public model_proxy::Ledger {
 public:
  using Now = std::function<domain::Timestamp()>;

  /// Makes the folder. Throws std::system_error when it or the files in it cannot be used.
  explicit Spending(std::filesystem::path folder, Now now = domain::wall_clock_now);

  model_proxy::Spent spent(std::string_view job) override;
  void add(const model_proxy::Charge& charge) override;

 private:
  struct Day {
    std::uint64_t read = 0;  ///< bytes of the file that are counted
    DaySpending spending;
  };

  void refresh();
  void read_on(const std::string& date, Day& day) const;
  std::filesystem::path file_of(const std::string& date) const { return folder_ / (date + ".jsonl"); }
  void remove_old_files() const;

  std::filesystem::path folder_;
  Now now_;
  std::map<std::string, Day> days_;  ///< today and yesterday
};

}  // namespace butler::worker
