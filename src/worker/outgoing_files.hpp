#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "http/server.hpp"
#include "worker/job_files.hpp"

namespace butler::worker {

/// Takes the files that an agent sends to the person it works for, each the body of one request, and hands
/// them to the orchestrator. Answers in sentences, as plain text. Nothing is taken but between begin() and
/// end(). One thread.
class OutgoingFiles {
 public:
  /// Of one job.
  static constexpr std::size_t most_files = 20;
  /// On their way at the same time, so that what lies in the spool has a limit, too.
  static constexpr std::size_t most_at_once = 4;

  /// `spool` is a folder of the worker's own, which is there: where files arrive.
  OutgoingFiles(boost::asio::any_io_executor executor, std::filesystem::path spool);
  ~OutgoingFiles();

  /// From now on files are taken, for this job; `files` until close() has returned.
  void begin(std::string job, JobFiles& files);
  /// Nothing is taken any more; what is under way is cut off.
  void end();
  /// After end(): returns when `files` are no longer in use.
  boost::asio::awaitable<void> close();

  /// Decides on the head of a request to send a file.
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head);
  /// `name` as it is in the target of the request, percent-encoded.
  boost::asio::awaitable<void> serve(http::Request request, std::string name, http::Exchange& exchange);

 private:
  struct Job;
  struct Passage;

  boost::asio::awaitable<void> pass_on(Passage& passage);

  boost::asio::any_io_executor executor_;
  std::filesystem::path spool_;
  std::shared_ptr<Job> job_;  ///< the last one
};

}  // namespace butler::worker
