#include "worker/transcription.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "domain/utf8.hpp"
#include "http/file_body.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::string_view endpoint_path = "/audio/transcriptions";
constexpr std::chrono::milliseconds service_patience{120'000};
constexpr std::size_t answer_bytes = std::size_t{1} * 1024 * 1024;
constexpr std::size_t command_output_bytes = 100'000;
constexpr std::chrono::seconds last_words{1};

http::Url required_address(const config::TranscriptionSettings& settings) {
  auto url = transcription_address(settings.url);
  if (!url) throw std::runtime_error("WORKER_TRANSCRIBE_URL is no http(s) address: " + settings.url);
  return *std::move(url);
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return domain::to_valid_utf8(text.substr(begin, text.find_last_not_of(blank) - begin + 1));
}

Transcript heard(std::string_view text) {
  auto words = trimmed(text);
  if (words.empty()) return std::unexpected("nothing was heard in it");
  return words;
}

/// One field of a form, up to where its value begins.
std::string field(const std::string& boundary, const std::string& disposition) {
  return "--" + boundary + "\r\ncontent-disposition: form-data; " + disposition + "\r\n";
}

/// What a command has said, and how it ended.
struct Heard {
  std::string output;
  std::optional<process::ExitStatus> exit;
  bool output_ended = false;
};

asio::awaitable<void> listen(process::ChildProcess& child, Heard& heard, async::Event& changed) {
  for (;;) {
    const auto bytes = co_await child.read_stdout();
    if (bytes.empty()) break;
    heard.output +=
        bytes.substr(0, command_output_bytes - std::min(command_output_bytes, heard.output.size()));
  }
  heard.output_ended = true;
  changed.notify_all();
}

/// What it says of errors could be anybody's words: nobody reads them, but it must not wait for a reader.
asio::awaitable<void> drain_errors(process::ChildProcess& child) {
  for (bool more = true; more;) {
    const auto bytes = co_await child.read_stderr();
    more = !bytes.empty();
  }
}

asio::awaitable<void> watch(process::ChildProcess& child, Heard& heard, async::Event& changed) {
  heard.exit = co_await child.wait();
  changed.notify_all();
}

}  // namespace

std::optional<http::Url> transcription_address(std::string_view url) {
  auto parsed = http::Url::parse(url);
  if (!parsed) return std::nullopt;
  if (parsed->path.ends_with(endpoint_path)) parsed->path.resize(parsed->path.size() - endpoint_path.size());
  return parsed;
}

Transcript read_transcription(int status, std::string_view body) {
  if (status == 401 || status == 403) return std::unexpected("the service does not accept its key");
  if (status == 413) return std::unexpected("it is too long for the service");
  if (status == 429) return std::unexpected("the service is asked too often at the moment");
  if (status != 200) return std::unexpected("the service answered with status " + std::to_string(status));
  const auto answer = json::parse(body);
  const auto* const text = answer ? json::find(*answer, "text") : nullptr;
  if (text == nullptr || !text->is_string()) return std::unexpected("the service's answer holds no text");
  return heard(text->get_string());
}

TranscriptionService::TranscriptionService(const asio::any_io_executor& executor,
                                           const config::TranscriptionSettings& settings)
    : key_(settings.key.reveal()),
      model_(settings.model),
      client_(executor, required_address(settings), {.response_limit = answer_bytes}) {
  log::redact(key_);
}

asio::awaitable<Transcript> TranscriptionService::transcribe(Recording recording) {
  const std::string boundary = "butler-" + process::random_hex(16);
  auto form = std::make_shared<http::CompositeSource>();
  try {
    form->add_text(field(boundary, "name=\"model\"") + "\r\n" + model_ + "\r\n" +
                   field(boundary, "name=\"response_format\"") + "\r\njson\r\n" +
                   field(boundary, "name=\"file\"; filename=\"" + recording.name + "\"") +
                   "content-type: " + recording.media_type + "\r\n\r\n");
    form->add_file(recording.content);
    form->add_text("\r\n--" + boundary + "--\r\n");
  } catch (const std::system_error& error) {
    co_return std::unexpected(std::string{error.what()});
  }
  http::Request request{.head = {.method = "POST", .target = std::string{endpoint_path}}};
  request.head.headers.add("content-type", "multipart/form-data; boundary=" + boundary);
  if (!key_.empty()) request.head.headers.add("authorization", "Bearer " + key_);
  request.source = std::move(form);
  const auto answer = co_await client_.send(std::move(request), service_patience);
  if (!answer) co_return std::unexpected("the service could not be asked (" + answer.error().message + ")");
  co_return read_transcription(answer->status, answer->body);
}

asio::awaitable<Transcript> transcribe_by_command(asio::any_io_executor executor, sandbox::Sandbox& sandbox,
                                                  sandbox::Spec spec, Recording recording,
                                                  std::chrono::milliseconds time_limit) {
  spec.arguments.push_back(recording.place.string());
  spec.stdin_mode = process::Stdin::null;
  spec.stderr_mode = process::Stderr::pipe;
  // It is served nothing: it has no job of an agent's.
  std::optional<http::ListeningSocket> unanswered;
  auto started = sandbox.start(executor, spec,
                               [&](http::ListeningSocket listener) { unanswered = std::move(listener); });
  if (!started) co_return std::unexpected("its command could not be started (" + started.error() + ")");

  Heard heard_so_far;
  async::Event changed(executor);
  async::TaskGroup tasks(executor);
  tasks.spawn("output of a transcription", listen(started->child, heard_so_far, changed));
  tasks.spawn("errors of a transcription", drain_errors(started->child));
  tasks.spawn("exit of a transcription", watch(started->child, heard_so_far, changed));
  if (started->watch) tasks.spawn("sandbox limits", started->watch->run());
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  bool cancelled = false;
  bool in_time = false;
  try {
    while (!heard_so_far.exit && co_await changed.wait_until(deadline)) continue;
    in_time = heard_so_far.exit.has_value();
    started->child.kill_tree();
    const auto last = std::chrono::steady_clock::now() + last_words;
    while (!heard_so_far.output_ended && co_await changed.wait_until(last)) continue;
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  // The job was ended; what was begun is brought to its end all the same.
  if (cancelled) co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  started->child.kill_tree();
  tasks.cancel();
  co_await tasks.join();
  if (cancelled) co_return std::unexpected("the job was ended");
  if (!in_time || !heard_so_far.exit) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time_limit);
    co_return std::unexpected("its command took longer than " + std::to_string(seconds.count()) + " s");
  }
  if (!heard_so_far.exit->success())
    co_return std::unexpected("its command ended with " + heard_so_far.exit->describe());
  co_return heard(heard_so_far.output);
}

}  // namespace butler::worker
