#include "worker/spending.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "worker/memory.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kept_days = 62;
constexpr std::size_t most_at_once = std::size_t{1} * 1024 * 1024;
constexpr std::chrono::hours one_day{24};

bool ends_in_line_feed(int fd) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  char last = '\n';
  return end <= 0 || (::pread(fd, &last, 1, end - 1) == 1 && last == '\n');
}

}  // namespace

void DaySpending::add(const std::string& job, domain::Usd amount) {
  all_ = all_ + amount;
  auto& sum = by_job_[job];
  sum = sum + amount;
}

domain::Usd DaySpending::of(std::string_view job) const {
  const auto found = by_job_.find(job);
  return found == by_job_.end() ? domain::Usd{} : found->second;
}

std::string spending_line(const model_proxy::Charge& charge, domain::Timestamp at) {
  json::Object line{{"ts", domain::to_iso8601(at)},
                    {"job", charge.job},
                    {"model", charge.model},
                    {"input", charge.usage.input},
                    {"output", charge.usage.output},
                    {"cacheRead", charge.usage.cache_read},
                    {"cacheWrite", charge.usage.cache_write}};
  if (charge.estimated) line["estimated"] = true;
  if (charge.cost) line["usdBillionths"] = charge.cost->billionths;
  return json::serialize(line) + "\n";
}

std::optional<SpendingEntry> read_spending_line(std::string_view line) {
  const auto parsed = json::parse(line);
  if (!parsed) return std::nullopt;
  const std::string job{json::find_string(*parsed, "job")};
  const auto amount = json::find_integer(*parsed, "usdBillionths");
  if (job.empty() || amount < 0) return std::nullopt;
  return SpendingEntry{.job = job, .amount = {amount}};
}

Spending::Spending(fs::path folder, Now now) : folder_(std::move(folder)), now_(std::move(now)) {
  make_private_folder(folder_);
  refresh();
  remove_old_files();
}

model_proxy::Spent Spending::spent(std::string_view job) {
  refresh();
  model_proxy::Spent spent{.today = days_.at(local_date(now_())).spending.all(), .job = {}};
  for (const auto& [date, day] : days_) spent.job = spent.job + day.spending.of(job);
  return spent;
}

void Spending::add(const model_proxy::Charge& charge) {
  const auto at = now_();
  const auto file = file_of(local_date(at));
  const files::Descriptor fd{
      ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd.is_open()) files::throw_errno(file.string());
  // A line that a crash has cut must not take the next one with it.
  const std::string begin = ends_in_line_feed(fd.get()) ? "" : "\n";
  files::write_all(fd.get(), begin + spending_line(charge, at), file);
  if (::fdatasync(fd.get()) != 0) files::throw_errno(file.string());
}

/// Counts what has been added to the files, by whomever, since the last time.
void Spending::refresh() {
  const auto now = now_();
  const std::string today = local_date(now);
  const std::string yesterday = local_date(now - one_day);
  std::erase_if(days_, [&](const auto& day) { return day.first < yesterday; });
  for (const auto& date : {yesterday, today}) read_on(date, days_[date]);
}

void Spending::read_on(const std::string& date, Day& day) const {
  const auto file = file_of(date);
  const files::Descriptor fd{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd.is_open() && errno == ENOENT) return;
  if (!fd.is_open()) files::throw_errno(file.string());
  for (;;) {
    if (::lseek(fd.get(), static_cast<off_t>(day.read), SEEK_SET) < 0) files::throw_errno(file.string());
    const std::string bytes = read_at_most(fd.get(), most_at_once, file);
    const auto end = bytes.rfind('\n');
    if (end == std::string::npos) return;  // nothing new, or a line that is still being written
    std::string_view lines = std::string_view{bytes}.substr(0, end + 1);
    day.read += lines.size();
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(line.size() + 1);
      const auto entry = read_spending_line(line);
      if (entry) day.spending.add(entry->job, entry->amount);
      if (!entry && !line.empty()) log::warn("spending.unreadable_line", {{"file", file.string()}});
    }
  }
}

void Spending::remove_old_files() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.size() <= kept_days) return;
  files.resize(files.size() - kept_days);
  for (const auto& file : files) fs::remove(file);
}

}  // namespace butler::worker
