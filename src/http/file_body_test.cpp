// A client's bodies from and into files, against a real server.
#include "http/file_body.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "http/server_test_support.hpp"
#include "unit/temp_folder.hpp"

namespace butler::http::file_body_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::HasSubstr;

constexpr std::size_t many = std::size_t{2} << 20U;
constexpr ReceiveLimits ample{.bytes = many, .pause = 5s, .whole = 20s};
using Received = std::expected<void, ReceiveError>;

class HttpFileBody : public test::ServerTest {
 protected:
  HttpFileBody() {
    application.limit = 2 * many;
    start();
    client.emplace(io.get_executor(),
                   Url{.tls = false, .host = "127.0.0.1", .port = std::to_string(server->port())});
  }

  std::filesystem::path file(const std::string& name, const std::string& content) {
    std::ofstream(folder.path() / name, std::ios::binary) << content;
    return folder.path() / name;
  }

  std::expected<Response, ClientError> put(std::string target, std::shared_ptr<BodySource> source) {
    std::optional<std::expected<Response, ClientError>> answer;
    const auto conversation = [&]() -> awaitable<void> {
      Request request{.head = {.method = "PUT", .target = target}};
      request.source = source;
      answer = co_await client->send(std::move(request), 20s);
    };
    test::run(io, conversation());
    return *answer;
  }

  Received fetch(files::FileDraft& draft, ReceiveLimits limits) {
    std::optional<Received> result;
    const auto conversation = [&]() -> awaitable<void> {
      auto stream = co_await client->open({.head = {.method = "GET", .target = "/source"}}, 5s);
      if (!stream) throw std::runtime_error(stream.error().message);
      result = co_await receive_body(*stream, draft, limits,
                                     [this](std::string_view piece) { seen += piece.size(); });
    };
    test::run(io, conversation());
    return *result;
  }

  butler::test::TempFolder folder;
  std::optional<Client> client;
  std::size_t seen = 0;
};

TEST_F(HttpFileBody, TextsAndFilesAreSentOneAfterTheOther) {
  auto source = std::make_shared<CompositeSource>();
  source->add_text("<").add_file(file("a", std::string(many, 'a'))).add_text("").add_text("|");
  source->add_file(file("empty", "")).add_text(">");
  EXPECT_EQ(source->size(), many + 3);

  const auto answer = put("/sink", source);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(application.sink->taken, "<" + std::string(many, 'a') + "|>");
}

TEST_F(HttpFileBody, AFileThatBecomesShorterEndsTheRequestWithoutAnAnswer) {
  const auto shrinking = file("a", std::string(many, 'a'));
  auto source = file_source(shrinking);
  std::filesystem::resize_file(shrinking, 10);

  const auto answer = put("/sink", source);

  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("become shorter"));
}

TEST_F(HttpFileBody, AFolderIsNoFile) {
  EXPECT_THROW(file_source(folder.path()), std::system_error);
  EXPECT_THROW(file_source(folder.path() / "none"), std::system_error);
}

TEST_F(HttpFileBody, AnAnswerBeforeTheEndOfTheBodyIsHeard) {
  application.sink->refuse_beyond = 100;
  const auto large = file("a", std::string(many, 'a'));

  const auto answer = put("/sink", file_source(large));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 507);
}

TEST_F(HttpFileBody, ABodyIsReceivedIntoAFile) {
  application.source->promised = application.source->has = many;
  files::FileDraft draft(folder.path() / "b");

  const auto received = fetch(draft, ample);

  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(draft.size(), many);
  EXPECT_EQ(seen, many);
}

TEST_F(HttpFileBody, ALargerBodyIsRefusedBeforeItIsRead) {
  application.source->promised = application.source->has = many + 1;
  files::FileDraft draft(folder.path() / "b");

  const auto received = fetch(draft, ample);

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, ReceiveError::Kind::too_large);
  EXPECT_EQ(draft.size(), 0U);
}

TEST_F(HttpFileBody, ABodyThatIsCutIsNoFile) {
  application.source->promised = many;
  application.source->has = 10;
  files::FileDraft draft(folder.path() / "b");

  const auto received = fetch(draft, ample);

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, ReceiveError::Kind::connection);
}

}  // namespace
}  // namespace butler::http::file_body_test
