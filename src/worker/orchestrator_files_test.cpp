#include "worker/orchestrator_files.hpp"

#include <gmock/gmock.h>

#include <map>

#include "api/describe.hpp"
#include "async/task_group.hpp"
#include "digest/sha256.hpp"
#include "http/server.hpp"
#include "json/codec.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::orchestrator_files_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing_support::run_to_end;

/// The orchestrator's artifacts: a name once taken stays so.
class Artifacts final : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{1'000'000};
  }
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    const auto& head = request.head;
    paths.push_back(head.target);
    EXPECT_EQ(head.headers.find("x-lease-token"), "the lease");
    const std::string name = head.target.substr(head.target.rfind('/') + 1);
    auto answer = http::json_response(409, R"({"error":"artifact_exists"})");
    if (refusal) {
      answer = *refusal;
    } else if (head.method == "GET") {
      answer = {.status = 200,
                .headers = {{"content-type", "text/plain"},
                            {"x-content-sha256", digest::sha256_hex(stored.at(name))}},
                .body = stored.at(name)};
    } else if (stored.emplace(name, request.body).second) {
      last = head;
      const api::ArtifactAnswer made{.artifact = {.name = name, .source = api::ArtifactSource::worker}};
      answer = http::json_response(201, json::serialize(json::encode(made)));
    }
    co_await exchange.send(std::move(answer));
  }

  std::map<std::string, std::string> stored;
  std::vector<std::string> paths;
  std::optional<http::Response> refusal;
  http::RequestHead last;
};

class OrchestratorFilesTest : public testing::Test {
 protected:
  OrchestratorFilesTest() {
    server.listen();
    serving.spawn("server", server.run());
    client.emplace(
        context.get_executor(),
        http::Url{.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port()), .path = {}},
        "token");
    job.id = "j1";
    job.attachments = {"1-in.txt"};
    testing_support::write_file(folder.path() / "content", "words");
  }
  ~OrchestratorFilesTest() override {
    run_to_end(context, server.shut_down(0ms));
    serving.cancel();
    run_to_end(context, serving.join());
  }

  std::string send(const std::string& name) {
    OrchestratorFiles files(*client, stop, job, "the lease");
    const auto sent = run_to_end(context, files.send({.name = name,
                                                      .media_type = "text/plain",
                                                      .kind = "document",
                                                      .caption = "Gr\xC3\xBC\xC3\x9F",
                                                      .content = folder.path() / "content"}));
    return sent ? *sent : "!" + sent.error();
  }

  testing_support::TempFolder folder;
  boost::asio::io_context context{1};
  Artifacts artifacts;
  http::Server server{context.get_executor(), {}, artifacts};
  async::TaskGroup serving{context.get_executor()};
  std::optional<api::OrchestratorClient> client;
  Stop stop{context.get_executor(), 1s};
  domain::Job job;
};

TEST_F(OrchestratorFilesTest, AFileGoesToItsJobWithWhatIsKnownOfIt) {
  EXPECT_EQ(send("a.txt"), "a.txt");
  EXPECT_THAT(artifacts.paths, ElementsAre("/v1/workers/j1/artifacts/a.txt"));
  EXPECT_EQ(artifacts.stored.at("a.txt"), "words");
  EXPECT_EQ(artifacts.last.headers.find("content-type"), "text/plain");
  EXPECT_EQ(artifacts.last.headers.find("x-artifact-kind"), "document");
  EXPECT_EQ(artifacts.last.headers.find("x-artifact-caption"), "Gr%C3%BC%C3%9F");
}

TEST_F(OrchestratorFilesTest, ANameThatAnEarlierAttemptHasUsedGetsANumber) {
  artifacts.stored = {{"a.txt", "other"}, {"a-2.txt", "another"}};
  EXPECT_EQ(send("a.txt"), "a-3.txt");
}

TEST_F(OrchestratorFilesTest, AnAttachmentThatIsSentBackIsAFileOfTheAgents) {
  EXPECT_EQ(send("1-in.txt"), "1-in-2.txt");
  EXPECT_THAT(artifacts.paths, ElementsAre("/v1/workers/j1/artifacts/1-in-2.txt"));
}

TEST_F(OrchestratorFilesTest, ARefusalIsASentence) {
  struct Case {
    int status;
    const char* code;
    const char* words;
  };
  for (const auto& [status, code, words] :
       {Case{413, "payload_too_large", "!it is larger than 50 MiB. Make it smaller, or split it"},
        Case{413, "artifact_quota", "!the files of this job are too many, or too large together"},
        Case{507, "storage_full", "!there is no room for it at the moment. Tell the person so"},
        Case{409, "lease_lost", "!its job has ended"}}) {
    artifacts.refusal = http::json_response(status, std::string{R"({"error":")"} + code + "\"}");
    EXPECT_EQ(send("a.txt"), words) << code;
  }
}

TEST_F(OrchestratorFilesTest, AnAttachmentIsFetchedToWhereItIsWanted) {
  artifacts.stored = {{"1-in.txt", "hello"}};
  OrchestratorFiles files(*client, stop, job, "the lease");
  const auto target = folder.path() / "target";
  const auto fetched = run_to_end(context, files.fetch("1-in.txt", target, 100));
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched->media_type, "text/plain");
  EXPECT_EQ(fetched->size, 5U);
  EXPECT_EQ(testing_support::file_content(target), "hello");
  const auto large = run_to_end(context, files.fetch("1-in.txt", target, 4));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error(), "it is larger than 50 MiB");
  artifacts.refusal = http::json_response(404, R"({"error":"artifact_not_found"})");
  const auto gone = run_to_end(context, files.fetch("1-in.txt", target, 100));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error(), "it is not there any more");
}

}  // namespace
}  // namespace butler::worker::orchestrator_files_test
