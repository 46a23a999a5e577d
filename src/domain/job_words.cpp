#include "domain/job_words.hpp"

#include <algorithm>
#include <cstdint>

#include "domain/job_id.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"

namespace butler::domain {

namespace {

constexpr std::size_t longest_excerpt = 60;

std::string first_line(std::string_view prompt) {
  return shorten(make_visible(prompt.substr(0, prompt.find('\n'))), longest_excerpt);
}

}  // namespace

std::string_view status_words(JobStatus status) {
  switch (status) {
    case JobStatus::needs_approval: return "waits for approval";
    case JobStatus::queued: return "queued";
    case JobStatus::running: return "running";
    case JobStatus::aborting: return "stopping";
    case JobStatus::completed: return "done";
    case JobStatus::failed: return "failed";
    case JobStatus::aborted: return "stopped";
  }
  return "?";
}

std::string age(std::chrono::milliseconds time) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(time).count());
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3'600) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " days";
}

std::string duration_words(const Job& job, Timestamp now) {
  const auto since = job.started_at.value_or(job.created_at);
  return (job.finished_at ? "after " : "for ") + age(job.finished_at.value_or(now) - since);
}

std::string job_line(const Job& job, Timestamp now, bool deciding) {
  const auto status = deciding && job.status == JobStatus::running ? JobStatus::needs_approval : job.status;
  std::string line = short_job_id(job.id);
  line.append(" · ").append(status_words(status)).append(" ").append(duration_words(job, now));
  return line.append(" · ").append(first_line(job.prompt));
}

}  // namespace butler::domain
