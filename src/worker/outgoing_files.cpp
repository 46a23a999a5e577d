#include "worker/outgoing_files.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "api/artifact.hpp"
#include "async/event.hpp"
#include "async/join.hpp"
#include "async/task_group.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "files/file_draft.hpp"
#include "http/body.hpp"
#include "log/log.hpp"
#include "worker/file_type.hpp"
#include "worker/spool.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::array<std::string_view, 5> kinds{"photo", "document", "voice", "audio", "video"};

http::Response in_words(int status, std::string sentence) {
  sentence += "\n";
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::move(sentence)};
}

http::Response too_many_files() {
  return in_words(429, "The file was not sent: " + std::to_string(OutgoingFiles::most_files) +
                           " files of this job were, which is the most. Put more into one archive.");
}

http::Response not_stored(const std::system_error& error) {
  log::error("file.not_taken", {{"error", error.what()}});
  return in_words(507, "The file was not sent: Butler's worker could not store it. Try again later.");
}

http::Response no_job_runs() { return in_words(403, "Nothing was sent: no job of this agent runs."); }

/// Keeps the body of one request: all of it on disk, its begin in memory.
class Arrival final : public http::BodySink {
 public:
  /// `place` is kept as long as this.
  Arrival(const std::filesystem::path& spool, std::shared_ptr<void> place)
      : place_(std::move(place)), draft_(spool / "arriving") {}

  std::optional<http::Response> take(std::string_view bytes) override {
    try {
      draft_.add(bytes);
    } catch (const std::system_error& error) {
      return not_stored(error);
    }
    begin_ += bytes.substr(0, telling_bytes - std::min(begin_.size(), telling_bytes));
    return std::nullopt;
  }

  files::FileDraft& draft() { return draft_; }
  const std::string& begin() const { return begin_; }

 private:
  std::shared_ptr<void> place_;
  files::FileDraft draft_;
  std::string begin_;
};

/// Gives the file its place in the spool; what is wrong when that cannot be.
std::optional<http::Response> keep(Arrival& arrival, const SpooledFile& spooled) {
  try {
    arrival.draft().take_place(spooled.path());
    return std::nullopt;
  } catch (const std::system_error& error) {
    return not_stored(error);
  }
}

/// What the head says of the file, and what its bytes say. The error is a sentence.
std::expected<OutgoingFile, std::string> describe_file(const http::RequestHead& head,
                                                       std::string_view target_name, std::string_view begin) {
  const auto name = http::percent_decode(target_name, false);
  if (!name) return std::unexpected("its name is not percent-encoded UTF-8");
  if (begin.empty()) return std::unexpected("it is empty, and a chat takes no empty file");
  OutgoingFile file{.name = safe_file_name(*name), .media_type = media_type_of(begin, *name)};
  if (const auto kind = head.headers.find(api::kind_field)) {
    if (std::ranges::find(kinds, *kind) == kinds.end()) {
      return std::unexpected("it can go as photo, document, voice, audio or video, and as nothing else");
    }
    file.kind = std::string{*kind};
  }
  if (const auto encoded = head.headers.find(api::caption_field); encoded && !encoded->empty()) {
    const auto caption = http::percent_decode(*encoded, false);
    if (!caption) return std::unexpected("its caption is not percent-encoded UTF-8");
    if (domain::count_code_points(*caption) > domain::limits::artifact_caption)
      return std::unexpected("its caption has more than 1024 characters: put the rest into your answer");
    file.caption = *caption;
  }
  return file;
}

}  // namespace

struct OutgoingFiles::Job {
  explicit Job(const asio::any_io_executor& executor) : changed(executor) {}

  std::string id;
  JobFiles* files = nullptr;  ///< while it runs
  std::set<std::string, std::less<>> names;
  std::size_t count = 0;     ///< of files that were taken, or are about to be
  std::size_t arriving = 0;  ///< their bytes lie in the spool, or come
  std::list<async::TaskGroup*> under_way;
  async::Event changed;
};

/// One file, from its request to its answer.
struct OutgoingFiles::Passage {
  std::shared_ptr<Job> job;
  OutgoingFile file;
  std::uint64_t size = 0;
  async::TaskGroup work;
  std::optional<http::Response> answer = {};
  bool client_gone = false;
};

OutgoingFiles::OutgoingFiles(asio::any_io_executor executor, std::filesystem::path spool)
    : executor_(std::move(executor)), spool_(std::move(spool)) {}
OutgoingFiles::~OutgoingFiles() = default;

void OutgoingFiles::begin(std::string job, JobFiles& files) {
  end();
  job_ = std::make_shared<Job>(executor_);
  job_->id = std::move(job);
  job_->files = &files;
}

void OutgoingFiles::end() {
  if (!job_) return;
  job_->files = nullptr;
  for (async::TaskGroup* const work : job_->under_way) work->cancel();
}

asio::awaitable<void> OutgoingFiles::close() {
  const auto job = job_;
  while (job && !job->under_way.empty()) co_await job->changed.wait();
}

std::variant<http::Response, http::BodyLimit> OutgoingFiles::admit(const http::RequestHead& head) {
  if (!job_ || job_->files == nullptr) return no_job_runs();
  if (head.method != "POST") return in_words(405, "A file is sent with POST.");
  if (job_->count >= most_files) return too_many_files();
  if (job_->arriving >= most_at_once) {
    return in_words(429, "The file was not sent: " + std::to_string(most_at_once) +
                             " are on their way. Send it when they have arrived.");
  }
  if (head.content_length.value_or(0) > domain::limits::artifact_bytes) {
    return in_words(413, "The file was not sent: it is larger than 50 MiB. Make it smaller, or split it.");
  }
  ++job_->arriving;
  std::shared_ptr<void> place(nullptr, [job = job_](void*) { --job->arriving; });
  try {
    return http::BodyLimit{.bytes = domain::limits::artifact_bytes,
                           .sink = std::make_shared<Arrival>(spool_, std::move(place))};
  } catch (const std::system_error& error) {
    return not_stored(error);
  }
}

asio::awaitable<void> OutgoingFiles::serve(http::Request request, std::string name,
                                           http::Exchange& exchange) {
  const auto arrival = std::dynamic_pointer_cast<Arrival>(request.sink);
  auto described = describe_file(request.head, name, arrival ? arrival->begin() : std::string{});
  std::optional<http::Response> refusal;
  if (!job_ || job_->files == nullptr) {
    refusal = no_job_runs();
  } else if (!described) {
    refusal = in_words(400, "The file was not sent: " + described.error() + ".");
  } else if (job_->count >= most_files) {
    refusal = too_many_files();  // others arrived first
  }
  const SpooledFile spooled(spool_);
  if (!refusal) refusal = keep(*arrival, spooled);
  if (refusal) co_return co_await exchange.send(*std::move(refusal));

  described->content = spooled.path();
  described->name = unique_file_name(described->name, job_->names);
  Passage passage{.job = job_,
                  .file = *std::move(described),
                  .size = arrival->draft().size(),
                  .work = async::TaskGroup(executor_)};
  Job& job = *passage.job;
  job.names.insert(passage.file.name);
  ++job.count;
  const auto place = job.under_way.insert(job.under_way.end(), &passage.work);
  passage.work.spawn("file of an agent", pass_on(passage));
  co_await async::join_or_cancel(passage.work, [&passage] { passage.client_gone = true; });
  job.under_way.erase(place);
  job.changed.notify_all();
  if (passage.client_gone) co_return;
  co_await exchange.send(passage.answer ? *std::move(passage.answer)
                                        : in_words(403, "The file was not sent: its job has ended."));
}

asio::awaitable<void> OutgoingFiles::pass_on(Passage& passage) {
  const auto size = size_in_words(passage.size);
  const std::string asked_name = passage.file.name;
  const auto sent = co_await passage.job->files->send(passage.file);
  if (!sent) {
    --passage.job->count;
    log::warn("file.refused", {{"job", passage.job->id}, {"name", asked_name}, {"error", sent.error()}});
    passage.answer = in_words(502, "The file was not sent: " + sent.error() + ".");
    co_return;
  }
  passage.job->names.insert(*sent);
  log::info("file.sent", {{"job", passage.job->id}, {"name", *sent}, {"bytes", passage.size}});
  passage.answer = in_words(200, "Sent " + *sent + " (" + size + ").");
}

}  // namespace butler::worker
