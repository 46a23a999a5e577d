#include "doctor/disk_check.hpp"

#include <sys/statvfs.h>
#include <time.h>

#include <cerrno>
#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>

#include "doctor/checks.hpp"
#include "domain/mebibyte.hpp"
#include "domain/timestamp.hpp"
#include "http/client.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t broken_mebibytes = 64;
constexpr std::uint64_t doubtful_mebibytes = 512;
constexpr std::chrono::seconds clock_patience{8};
constexpr double doubtful_seconds = 30;
constexpr double broken_seconds = 300;

/// The folder itself, or what it will be made in.
fs::path nearest_folder(fs::path folder) {
  std::error_code missing;
  while (folder.has_relative_path() && !fs::exists(folder, missing)) folder = folder.parent_path();
  return folder;
}

Finding look_at_disk(const fs::path& folder, const char* what) {
  const auto there = nearest_folder(folder);
  struct statvfs status{};
  if (::statvfs(there.c_str(), &status) != 0)
    throw std::system_error(errno, std::generic_category(), there.string());
  const std::uint64_t block = status.f_frsize;
  return judge_disk({.path = there.string(),
                     .what = what,
                     .free_bytes = status.f_bavail * block,
                     .all_bytes = status.f_blocks * block,
                     .free_files = status.f_favail,
                     .all_files = status.f_files,
                     .read_only = (status.f_flag & ST_RDONLY) != 0});
}

/// RFC 9110's IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::time_t> read_http_date(const std::string& text) {
  std::tm time{};
  const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&time);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Finding judge_disk(const DiskFacts& facts) {
  const auto free = facts.free_bytes / domain::mebibyte;
  const std::string is =
      std::to_string(free) + " MiB are free on the file system of " + facts.path + " (" + facts.what + ")";
  const std::string mend = "du -xh --max-depth=2 " + shell_word(facts.path) + " | sort -h | tail";
  if (facts.read_only) {
    return wrong("The file system of " + facts.path + " is mounted read-only.", "It can be written to.",
                 "mount -o remount,rw $(findmnt -n -o TARGET -T " + shell_word(facts.path) + ")");
  }
  if (free < broken_mebibytes) return wrong(is + ".", "At least 64 MiB are free, or writes fail.", mend);
  if (facts.all_files > 0 && facts.free_files * 200 < facts.all_files)
    return wrong("Hardly any file can be made on the file system of " + facts.path + ".",
                 "At least 0.5 % of its files (inodes) are free.", "df -i " + shell_word(facts.path));
  if (free < doubtful_mebibytes && facts.free_bytes < facts.all_bytes / 20)
    return doubtful(is + ".", "At least 512 MiB, or 5 %, are free.", mend);
  return all_well(is + ".");
}

Finding judge_clock(const ClockFacts& facts) {
  if (!facts.fault.empty()) return left_out("The time was not learnt: " + facts.fault + ".");
  const double apart = std::abs(facts.ahead_seconds);
  const std::string is = "The clock is " + std::to_string(std::lround(apart)) + " s " +
                         (facts.ahead_seconds > 0 ? "ahead of" : "behind") + " " + facts.server + "'s";
  constexpr const char* mend = "timedatectl set-ntp true";
  if (apart >= broken_seconds)
    return wrong(is + ".", "It is right: certificates, pairing codes and leases go by it.", mend);
  if (apart >= doubtful_seconds) return doubtful(is + ".", "It is right to a few seconds.", mend);
  return all_well("The clock agrees with " + facts.server + "'s.");
}

boost::asio::awaitable<Findings> check_disk(const Context& context) {
  Findings findings{look_at_disk(context.home(), "databases")};
  if (context.worker && context.worker->workspace.parent_path() != context.home())
    findings.push_back(look_at_disk(context.worker->workspace, "the workspace"));
  co_return findings;
}

boost::asio::awaitable<Findings> check_clock(const Context& context) {
  if (!context.gateway) co_return Findings{left_out("The gateway's configuration is wrong.")};
  const auto url = http::Url::parse(context.gateway->telegram_root);
  if (!url) co_return Findings{left_out("TELEGRAM_API_ROOT is no address.")};
  ClockFacts facts{.server = url->host};
  http::Client client(context.executor, *url);
  const double before = seconds_now();
  http::Request request{.head = {.method = "GET", .target = "/"}};
  const auto response = co_await client.send(std::move(request), clock_patience);
  const double after = seconds_now();
  if (!response) {
    facts.fault = response.error().message;
    co_return Findings{judge_clock(facts)};
  }
  const auto date = response->headers.find("date");
  const auto time = date ? read_http_date(std::string{*date}) : std::nullopt;
  if (time) {
    // The server's second may be any moment of that second.
    facts.ahead_seconds = (before + after) / 2 - (static_cast<double>(*time) + 0.5);
  } else {
    facts.fault = facts.server + " gives no date";
  }
  co_return Findings{judge_clock(facts)};
}

}  // namespace butler::doctor
