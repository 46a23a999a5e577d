#include "worker/transcription.hpp"

#include <gmock/gmock.h>

#include "http/body.hpp"
#include "http/server.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::transcription_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::run_to_end;

TEST(Transcription, TheAddressMayBeTheServicesOrTheEndpoints) {
  EXPECT_EQ(transcription_address("https://api.example/v1")->path, "/v1");
  EXPECT_EQ(transcription_address("https://api.example/v1/audio/transcriptions")->path, "/v1");
  EXPECT_FALSE(transcription_address("api.example"));
}

TEST(Transcription, TheAnswerIsReadOrItsFailureSaid) {
  struct Case {
    int status;
    const char* body;
    const char* meant;
  };
  for (const auto& [status, body, meant] : {
           Case{200, R"({"text":" Buy milk. \n"})", "Buy milk."},
           Case{200, R"({"text":"  "})", "!nothing was heard in it"},
           Case{200, R"({"words":1})", "!the service's answer holds no text"},
           Case{200, "<html>", "!the service's answer holds no text"},
           Case{401, R"({"error":{"message":"bad key sk-123"}})", "!the service does not accept its key"},
           Case{413, "", "!it is too long for the service"},
           Case{429, "", "!the service is asked too often at the moment"},
           Case{500, "", "!the service answered with status 500"},
       }) {
    const auto read = read_transcription(status, body);
    EXPECT_EQ(read ? *read : "!" + read.error(), meant) << body;
  }
}

class ServiceStandIn final : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{1'000'000};
  }
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    last = request;
    co_await exchange.send(http::json_response(200, R"({"text":"buy milk"})"));
  }
  http::Request last;
};

class TranscriptionTest : public testing::Test {
 protected:
  TranscriptionTest() {
    fs::create_directory(workspace);
    testing_support::write_file(recording().content, "OggS and sound");
  }
  Recording recording() const {
    return {.content = workspace / "voice.ogg",
            .place = workspace / "voice.ogg",
            .name = "1-voice.ogg",
            .media_type = "audio/ogg"};
  }
  Transcript by_command(const std::string& script, std::chrono::milliseconds limit = 10s) {
    sandbox::Spec spec{.arguments = {"/bin/sh", "-c", script, "sh"}, .environment = {"PATH=/usr/bin:/bin"}};
    spec.workspace = workspace;
    return run_to_end(context,
                      transcribe_by_command(context.get_executor(), sandbox, spec, recording(), limit));
  }

  testing_support::TempFolder folder;
  fs::path workspace = folder.path() / "workspace";
  boost::asio::io_context context{1};
  testing_support::PlainSandbox sandbox;
};

TEST_F(TranscriptionTest, TheServiceGetsTheRecordingTheModelAndItsKey) {
  ServiceStandIn service;
  http::Server server(context.get_executor(), {}, service);
  server.listen();
  async::TaskGroup serving(context.get_executor());
  serving.spawn("service", server.run());
  TranscriptionService client(context.get_executor(),
                              {.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1",
                               .key = config::Secret{"key-of-the-service"},
                               .model = "whisper-1",
                               .command = {}});
  const auto transcript = run_to_end(context, client.transcribe(recording()));
  EXPECT_EQ(transcript, Transcript{"buy milk"});
  EXPECT_EQ(service.last.head.target, "/v1/audio/transcriptions");
  EXPECT_EQ(service.last.head.headers.find("authorization"), "Bearer key-of-the-service");
  EXPECT_THAT(service.last.body, HasSubstr("name=\"model\"\r\n\r\nwhisper-1\r\n"));
  EXPECT_THAT(service.last.body,
              HasSubstr("filename=\"1-voice.ogg\"\r\ncontent-type: audio/ogg\r\n\r\nOggS and sound\r\n"));
  run_to_end(context, server.shut_down(0ms));
  serving.cancel();
  run_to_end(context, serving.join());
}

TEST_F(TranscriptionTest, AServiceThatIsAwayIsSaid) {
  TranscriptionService client(context.get_executor(),
                              {.url = "http://127.0.0.1:9/v1", .key = {}, .model = "m", .command = {}});
  const auto transcript = run_to_end(context, client.transcribe(recording()));
  ASSERT_FALSE(transcript);
  EXPECT_THAT(transcript.error(), HasSubstr("could not be asked"));
}

TEST_F(TranscriptionTest, ACommandsOutputIsTheText) {
  EXPECT_EQ(by_command("echo noise >&2; printf ' heard: '; cat \"$1\""), Transcript{"heard: OggS and sound"});
}

TEST_F(TranscriptionTest, ACommandThatFailsOrTakesTooLongIsSaid) {
  const auto failed = by_command("echo half; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), "its command ended with exit status 3");
  const auto slow = by_command("sleep 60", 100ms);
  ASSERT_FALSE(slow);
  EXPECT_THAT(slow.error(), HasSubstr("took longer than"));
  const auto silent = by_command("true");
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error(), "nothing was heard in it");
}

}  // namespace
}  // namespace butler::worker::transcription_test
