#include "cli/audit_command.hpp"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <system_error>

#include "api/describe.hpp"
#include "async/task_group.hpp"
#include "cli/exit_code.hpp"
#include "config/load.hpp"
#include "files/throw_errno.hpp"
#include "http/client.hpp"
#include "json/codec.hpp"

namespace butler::cli {

namespace asio = boost::asio;

namespace {

using Rows = std::vector<api::AuditRow>;

constexpr std::chrono::seconds answer_time{30};
constexpr std::size_t page_rows = 1'000;

Rows rows_of(const http::Response& response) {
  const auto value = json::parse(response.body);
  if (response.status != 200 || !value) {
    throw std::runtime_error("the orchestrator answered " + std::to_string(response.status));
  }
  auto page = json::decode<api::AuditPage>(*value);
  if (!page)
    throw std::runtime_error("the orchestrator's answer is unreadable: " + page.error().front().path);
  return std::move(page->rows);
}

/// Asks the orchestrator's administration socket, one call after the other.
class AuditReader {
 public:
  explicit AuditReader(const std::filesystem::path& socket)
      : socket_(socket), client_(context_.get_executor(), http::Url::on_socket(socket.string())) {}

  /// Throws with a sentence that says what to do when nobody answers.
  Rows read(std::string target) {
    std::optional<std::expected<http::Response, http::ClientError>> answer;
    context_.restart();
    tasks_.spawn("audit", ask(std::move(target), answer));
    context_.run();
    if (answer && *answer) return rows_of(**answer);
    throw std::runtime_error("nobody answers on " + socket_.string() + " (" +
                             (answer ? answer->error().message : "no answer") +
                             "): is the orchestrator running, and are you the user who started it?");
  }

  /// Calls `use` with each page of the whole log, oldest first, until it returns false.
  void read_all(const std::function<bool(const Rows&)>& use) {
    std::int64_t after = 0;
    for (;;) {
      const auto rows = read("/audit?limit=" + std::to_string(page_rows) + "&after=" + std::to_string(after));
      if (!use(rows) || rows.size() < page_rows) return;
      after = rows.back().seq;
    }
  }

  Rows read_last(std::size_t limit) { return read("/audit?limit=" + std::to_string(limit)); }

  /// The last rows of one job. Looks through the whole log: it has no index, which each new row would pay
  /// for.
  Rows read_job(const std::string& job, std::size_t limit) {
    Rows found;
    read_all([&](const Rows& rows) {
      std::ranges::copy_if(rows, std::back_inserter(found),
                           [&](const auto& row) { return row.subject == job; });
      if (found.size() > limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
      return true;
    });
    return found;
  }

 private:
  asio::awaitable<void> ask(std::string target,
                            std::optional<std::expected<http::Response, http::ClientError>>& answer) {
    http::Request request{.head = {.method = "GET", .target = std::move(target), .headers = {}}, .body = {}};
    answer = co_await client_.send(std::move(request), answer_time);
    context_.stop();  // the connection that is kept for the next call would go on being watched
  }

  std::filesystem::path socket_;
  asio::io_context context_{1};
  http::Client client_;
  async::TaskGroup tasks_{context_.get_executor()};
};

/// Follows the chain and says what it has found.
class Verification {
 public:
  explicit Verification(std::string head) : head_(std::move(head)) {}

  bool take(const Rows& rows) {
    for (const auto& row : rows) {
      fault_ = check_.next(row);
      if (fault_) return false;
      found_head_ = found_head_ || row.hash == head_;
    }
    return true;
  }

  int report(std::ostream& out) const {
    if (fault_) {
      out << "The audit log is NOT whole: " << *fault_ << ".\n";
      return exit_failure;
    }
    if (!head_.empty() && !found_head_) {
      out << "The audit log is NOT whole: no row has the hash " << head_
          << ", so rows at its end were removed, or all of it was written anew.\n";
      return exit_failure;
    }
    out << "The audit log is whole: " << check_.rows() << " rows, the last with the hash " << check_.hash()
        << ".\n";
    return exit_ok;
  }

 private:
  std::string head_;
  api::AuditCheck check_;
  std::optional<std::string> fault_;
  bool found_head_ = false;
};

std::string json_line(const api::AuditRow& row) { return json::serialize(json::encode(row)); }

/// Names come from outside: nothing of them may steer a terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

std::ofstream new_private_file(const std::string& path) {
  std::ofstream file;
  file.open(path, std::ios::out | std::ios::trunc);
  if (!file || ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    files::throw_errno("cannot write " + path);
  }
  return file;
}

}  // namespace

int show_audit(const AuditOptions& options, Format format, std::ostream& out) {
  AuditReader reader(options.socket);
  const auto rows =
      options.job.empty() ? reader.read_last(options.limit) : reader.read_job(options.job, options.limit);
  for (const auto& row : rows) {
    if (format == Format::json) {
      out << json_line(row) << '\n';
    } else {
      out << row.seq << "  " << domain::to_iso8601(row.ts) << "  " << printable(row.action) << "  by "
          << printable(row.actor) << "  " << printable(row.subject) << "  " << printable(row.details) << '\n';
    }
  }
  return exit_ok;
}

int verify_audit(const AuditOptions& options, std::ostream& out) {
  AuditReader reader(options.socket);
  Verification verification(options.head);
  reader.read_all([&](const Rows& rows) { return verification.take(rows); });
  return verification.report(out);
}

int export_audit(const AuditOptions& options, std::ostream& out) {
  AuditReader reader(options.socket);
  Verification verification(options.head);
  std::ofstream file;
  if (!options.output.empty()) file = new_private_file(options.output);
  std::ostream& target = options.output.empty() ? out : file;
  bool whole = true;
  reader.read_all([&](const Rows& rows) {
    for (const auto& row : rows) target << json_line(row) << '\n';
    whole = whole && verification.take(rows);
    return true;
  });
  target.flush();
  if (!target) throw std::runtime_error("the export could not be written: is the disk full?");
  if (!options.output.empty()) return verification.report(out);
  return whole ? exit_ok : exit_failure;
}

void add_audit_commands(CLI::App& app, Action& chosen) {
  /// What the options write to; lives as long as the commands.
  struct Given {
    AuditOptions options;
    bool json = false;

    /// The options with the place of the socket.
    const AuditOptions& complete() {
      options.socket = config::load(config::this_start()).place.home / "orchestrator.sock";
      return options;
    }
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const group = add_group(app, "audit", "Who did what: the orchestrator's audit log.");
  CLI::App* const show = add_command(*group, "show", "The last rows, oldest first.", chosen, [given] {
    return show_audit(given->complete(), format_of(given->json), std::cout);
  });
  show->add_flag("--json", given->json, "As JSON, a row per line.");
  show->add_option("--limit", given->options.limit, "How many rows.")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000}));
  show->add_option("--job", given->options.job, "Only what was done to the job of this id.");
  const std::string head = "A hash that was noted earlier and must be in the log.";
  add_command(*group, "verify", "Compute the chain again; exit status 1 when a row does not fit.", chosen,
              [given] { return verify_audit(given->complete(), std::cout); })
      ->add_option("--head", given->options.head, head);
  CLI::App* const save = add_command(*group, "export", "Every row as a line of JSON, checked like verify.",
                                     chosen, [given] { return export_audit(given->complete(), std::cout); });
  save->add_option("--output", given->options.output, "A file to write, instead of standard output.");
  save->add_option("--head", given->options.head, head);
}

}  // namespace butler::cli
