#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "api/orchestrator_client_fixture.hpp"
#include "digest/sha256.hpp"
#include "unit/temp_folder.hpp"

namespace butler::api::artifact_calls_test {
namespace {

using testing::HasSubstr;

constexpr auto artifact_json =
    R"({"artifact":{"name":"1-photo.jpg","size":5,"sha256":"h","contentType":"image/jpeg","kind":"photo",)"
    R"("source":"gateway","createdAt":"2026-11-22T09:54:39.123Z"}})";

class ArtifactCalls : public testing_support::OrchestratorClientTest {
 protected:
  std::filesystem::path file(const std::string& content) {
    std::ofstream(folder.path() / "in", std::ios::binary) << content;
    return folder.path() / "in";
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void answer_bytes(const std::string& bytes, const std::string& hash) {
    orchestrator.answer = {.status = 200,
                           .headers = {{"content-type", "image/jpeg"},
                                       {"x-content-sha256", hash},
                                       {"x-artifact-kind", "photo"},
                                       {"x-artifact-caption", "a%20%C3%BC"}},
                           .body = bytes};
  }

  std::expected<ReceivedArtifact, CallError> fetch(std::uint64_t most = 100) {
    return run(client.get_artifact(ArtifactSide::worker("lease-1"), "j1", "1-photo.jpg", target, most));
  }

  butler::test::TempFolder folder;
  std::filesystem::path target = folder.path() / "out";
};

TEST_F(ArtifactCalls, PutSendsTheFileAndWhatItIs) {
  answer(201, artifact_json);

  const auto put = run(client.put_artifact(ArtifactSide::gateway(), "j1",
                                           {.name = "1-photo.jpg",
                                            .content_type = "image/jpeg",
                                            .sha256 = "abc",
                                            .kind = ArtifactKind::photo,
                                            .caption = "a ü"},
                                           file("bytes")));

  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->name, "1-photo.jpg");
  EXPECT_EQ(put->kind, ArtifactKind::photo);
  EXPECT_EQ(orchestrator.line(), "PUT /v1/jobs/j1/artifacts/1-photo.jpg");
  EXPECT_EQ(orchestrator.asked.body, "bytes");
  EXPECT_EQ(orchestrator.header("content-type"), "image/jpeg");
  EXPECT_EQ(orchestrator.header("x-content-sha256"), "abc");
  EXPECT_EQ(orchestrator.header("x-artifact-kind"), "photo");
  EXPECT_EQ(orchestrator.header("x-artifact-caption"), "a%20%C3%BC");
  EXPECT_EQ(orchestrator.header("x-api-key"), "the-token");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "-");
}

TEST_F(ArtifactCalls, AWorkerPutsUnderItsLease) {
  answer(409, R"({"error":"lease_lost","message":"this lease is over"})");

  const auto put =
      run(client.put_artifact(ArtifactSide::worker("lease-1"), "j1", {.name = "plot.png"}, file("x")));

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, "lease_lost");
  EXPECT_EQ(orchestrator.line(), "PUT /v1/workers/j1/artifacts/plot.png");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease-1");
}

TEST_F(ArtifactCalls, AHomeWithoutRoomIsANoAndNoReasonToRepeat) {
  answer(507, R"({"error":"storage_full"})");

  const auto put = run(client.put_artifact(ArtifactSide::gateway(), "j1", {.name = "a"}, file("x")));

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, CallError::Kind::refused);
  EXPECT_EQ(put.error().code, "storage_full");
}

TEST_F(ArtifactCalls, AFileThatCannotBeReadIsNotAsked) {
  const auto put =
      run(client.put_artifact(ArtifactSide::gateway(), "j1", {.name = "a"}, folder.path() / "none"));

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, "file_error");
  EXPECT_EQ(orchestrator.asked.head.method, "");
}

TEST_F(ArtifactCalls, GetWritesTheFileAndTellsWhatItIs) {
  answer_bytes("bytes", digest::sha256_hex("bytes"));

  const auto received = fetch();

  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(content(target), "bytes");
  EXPECT_EQ(received->size, 5);
  EXPECT_EQ(received->content_type, "image/jpeg");
  EXPECT_EQ(received->kind, ArtifactKind::photo);
  EXPECT_EQ(received->caption, "a ü");
  EXPECT_EQ(orchestrator.line(), "GET /v1/workers/j1/artifacts/1-photo.jpg");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease-1");
}

TEST_F(ArtifactCalls, BytesThatAreNotWhatTheHashSaysAreNoFile) {
  answer_bytes("bytes", digest::sha256_hex("other"));

  const auto received = fetch();

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, CallError::Kind::unreachable) << "it may be fetched again";
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(ArtifactCalls, MoreBytesThanAreWantedAreRefused) {
  answer_bytes("bytes", digest::sha256_hex("bytes"));

  const auto received = fetch(4);

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, CallError::Kind::refused);
  EXPECT_EQ(received.error().code, "too_large");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(ArtifactCalls, ARefusalIsNotTakenForTheFile) {
  answer(404, R"({"error":"artifact_not_found","message":"there is none"})");

  const auto received = fetch();

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, "artifact_not_found");
  EXPECT_THAT(received.error().message, HasSubstr("there is none"));
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(ArtifactCalls, TheListTellsEachOne) {
  std::string one{artifact_json};
  one = one.substr(12, one.size() - 13);
  answer(200, R"({"artifacts":[)" + one + "]}");

  const auto list = run(client.list_artifacts(ArtifactSide::gateway(), "j1"));

  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().content_type, "image/jpeg");
  EXPECT_EQ(list->front().caption, std::nullopt);
  EXPECT_EQ(orchestrator.line(), "GET /v1/jobs/j1/artifacts");
}

TEST(ArtifactName, IsOneOfAPlainFile) {
  for (const auto* name : {"a", "1-photo.jpg", "A_b-c.9"}) EXPECT_TRUE(is_artifact_name(name)) << name;
  EXPECT_TRUE(is_artifact_name(std::string(128, 'a')));
  for (const auto* name : {"", ".", "..", ".hidden", "a/b", "a b", "ü", "a\n"})
    EXPECT_FALSE(is_artifact_name(name)) << name;
  EXPECT_FALSE(is_artifact_name(std::string(129, 'a')));
}

}  // namespace
}  // namespace butler::api::artifact_calls_test
