#include "gateway/attachments.hpp"

#include <chrono>
#include <system_error>

#include "api/describe.hpp"
#include "domain/enum_name.hpp"
#include "files/folder.hpp"
#include "files/whole_file.hpp"
#include "gateway/media_describe.hpp"
#include "gateway/reply.hpp"
#include "gateway/turn_parts.hpp"
#include "gateway/wording_media.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Rows that are looked at: what is in progress stands first.
constexpr std::size_t most_looked_at = 16;

api::ArtifactKind artifact_kind(FileKind kind) {
  return domain::enum_from_name<api::ArtifactKind>(domain::enum_name(kind))
      .value_or(api::ArtifactKind::document);
}

/// Says that there is no room for it, there or in the job.
bool says_no_room(const api::CallError& error) { return error.status == 413 || error.status == 507; }

bool worth_repeating(const api::CallError& error) {
  return error.kind == api::CallError::Kind::unreachable || error.status == 401;
}

/// What removes a temporary file at the end of its use.
class Removal {
 public:
  explicit Removal(const std::filesystem::path& file) : file_(file) {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal() {
    std::error_code none;  // it was never there
    std::filesystem::remove(file_, none);
  }

 private:
  const std::filesystem::path& file_;
};

void log_file(std::string_view event, const WaitingFile& file, std::string_view error) {
  log::warn(event, {{"job", file.job_id}, {"name", file.turn_file.name}, {"error", error}});
}

}  // namespace

Attachments::Attachments(asio::any_io_executor executor, GatewayStore& store,
                         api::OrchestratorClient& orchestrator, telegram::FileDownloads& downloads,
                         OutboxSender& outbox, const People& people, const Languages& languages,
                         async::TaskGroup& tasks, Options options)
    : executor_(executor),
      store_(store),
      orchestrator_(orchestrator),
      downloads_(downloads),
      outbox_(outbox),
      people_(people),
      languages_(languages),
      tasks_(tasks),
      options_(std::move(options)),
      changed_(std::move(executor)) {}

/// What an earlier process left: its rows are still there, and are fetched anew.
void Attachments::clear_folder() const {
  std::filesystem::create_directories(options_.folder);
  std::filesystem::permissions(options_.folder, std::filesystem::perms::owner_all);
  for (const std::string& name : files::names_in(options_.folder)) {
    std::filesystem::remove(options_.folder / name);
  }
}

asio::awaitable<void> Attachments::run() {
  clear_folder();
  for (;;) {
    start_what_waits();
    co_await changed_.wait();
  }
}

void Attachments::start_what_waits() {
  for (WaitingFile& file : store_.waiting_files(most_looked_at + left_.size())) {
    if (in_progress_.size() >= options_.at_once) return;
    const Key key{file.turn_id, file.turn_file.number};
    if (left_.contains(key) || !in_progress_.insert(key).second) continue;
    tasks_.spawn("attachment", bring(std::move(file)));
  }
}

asio::awaitable<void> Attachments::bring(WaitingFile file) {
  const Key key{file.turn_id, file.turn_file.number};
  struct Done {
    Attachments& self;
    Key key;
    ~Done() {
      self.in_progress_.erase(key);
      self.changed_.notify_all();
    }
  };
  const Done done{*this, key};
  if (!people_.role_of(file.requester_id)) co_return end_of_no_use(file, "its person is nobody any more");
  const std::filesystem::path target =
      options_.folder / (std::to_string(file.turn_id) + "-" + std::to_string(file.turn_file.number));
  const Removal removal{target};
  const auto fetched = co_await fetch(file, target);
  if (!fetched) {
    left_.insert(key);
  } else if (*fetched) {
    co_await hand_over(file, target);
  } else {
    try {
      co_await report_missing(file, target, fetched->error());
    } catch (const std::system_error& fault) {  // not even that much room: its row waits for better times
      log_file("attachment.not_told", file, fault.what());
      left_.insert(key);
    }
  }
}

asio::awaitable<std::optional<std::expected<void, MissingReason>>> Attachments::fetch(
    const WaitingFile& file, std::filesystem::path target) {
  if (file.turn_file.file.file_id.empty()) co_return write_words(file, target);
  const auto first_try = steady_clock::now();
  for (FetchFailures failures;;) {
    const auto size = co_await downloads_.fetch(file.turn_file.file.file_id, target, options_.most);
    if (size) co_return std::expected<void, MissingReason>{};
    log_file("attachment.not_fetched", file, size.error().message);
    failures = with(failures, size.error());
    failures.since_first_try = std::chrono::duration_cast<milliseconds>(steady_clock::now() - first_try);
    const auto decision = fetch_decision(size.error(), failures, options_.timing, process::random_fraction());
    if (decision.action == FetchDecision::Action::leave) co_return std::nullopt;
    if (decision.action == FetchDecision::Action::missing) co_return std::unexpected(decision.reason);
    ++counts_.retries;
    co_await async::sleep_for(decision.wait);
  }
}

std::optional<std::expected<void, MissingReason>> Attachments::write_words(
    const WaitingFile& file, const std::filesystem::path& target) {
  try {
    files::write_whole_file(target, prompt_of(store_.turn_parts(file.turn_id)));
    return std::expected<void, MissingReason>{};
  } catch (const std::system_error& fault) {  // a full disk: its row waits for better times
    log_file("attachment.not_written", file, fault.what());
    return std::nullopt;
  }
}

api::Call<api::Artifact> Attachments::put(const WaitingFile& file, std::string content_type,
                                          std::filesystem::path path) {
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await orchestrator_.put_artifact(api::ArtifactSide::gateway(), file.job_id,
                                                      {.name = file.turn_file.name,
                                                       .content_type = content_type,
                                                       .kind = artifact_kind(file.turn_file.file.kind)},
                                                      path);
    if (answer || !worth_repeating(answer.error())) co_return answer;
    if (attempt == 1) log_file("attachment.waits_for_orchestrator", file, answer.error().message);
    const auto wait = domain::retry_delay(options_.timing.backoff, attempt, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

asio::awaitable<void> Attachments::hand_over(const WaitingFile& file, std::filesystem::path target) {
  const std::string& told = file.turn_file.file.mime_type;
  const auto kept = co_await put(file, told.empty() ? "application/octet-stream" : told, target);
  if (!kept && (says_no_room(kept.error()) || kept.error().code == "file_error")) {
    log_file("attachment.refused", file, kept.error().message);
    co_return co_await report_missing(file, target, MissingReason::no_room);
  }
  const bool there_already = !kept && kept.error().code == "artifact_exists";
  if (!kept && !there_already) co_return end_of_no_use(file, kept.error().message);
  store_.end_file(file.turn_id, file.turn_file.number, FileState::handed_over, "");
  ++counts_.handed_over;
  if (kept) counts_.bytes += kept->size;
  log::info("attachment.handed_over",
            {{"job", file.job_id}, {"name", file.turn_file.name}, {"bytes", kept ? kept->size : 0}});
}

asio::awaitable<void> Attachments::report_missing(const WaitingFile& file, std::filesystem::path target,
                                                  MissingReason reason) {
  files::write_whole_file(target, missing_text(file.turn_file.file.file_name, reason, options_.most));
  const auto kept = co_await put(file, std::string{api::missing_content_type}, target);
  const bool there_already = !kept && kept.error().code == "artifact_exists";
  if (!kept && !there_already) co_return end_of_no_use(file, kept.error().message);
  ++counts_.missing;
  store_.unit([&] {
    if (store_.turn_files(file.turn_id).empty()) return;  // of another turn now, which says so if it has to
    store_.end_file(file.turn_id, file.turn_file.number, FileState::missing, domain::enum_name(reason));
    outbox_.queue({.source = "file:" + file.job_id + ":" + std::to_string(file.turn_file.number),
                   .kind = MessageKind::notice,
                   .to = file.lane,
                   .payloads = plain_payloads(
                       wording::file_missing(languages_.of_lane(file.lane), file.turn_file.file.file_name,
                                             reason, options_.most),
                       reply_target(file.lane, file.message_id))});
  });
  log_file("attachment.missing", file, domain::enum_name(reason));
}

void Attachments::end_of_no_use(const WaitingFile& file, const std::string& why) {
  store_.end_file(file.turn_id, file.turn_file.number, FileState::of_no_use, why);
  log_file("attachment.of_no_use", file, why);
}

}  // namespace butler::gateway
