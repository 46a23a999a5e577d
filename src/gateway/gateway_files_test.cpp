#include <fstream>

#include "gateway/gateway_fixture.hpp"

namespace butler::gateway::gateway_files_test {

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GatewayFilesTest : public GatewayTest {
 protected:
  GatewayFilesTest() {
    options.files.timing.backoff.initial = std::chrono::milliseconds{5};
    options.files.timing.flood_slack = std::chrono::milliseconds{0};
    orchestrator.instant_agent = false;
  }

  const FakeArtifacts::Stored* attachment(std::string_view prompt, std::string_view name) {
    if (std::ranges::count(orchestrator.created, prompt) == 0) return nullptr;
    return orchestrator.artifacts.find(orchestrator.job_with_prompt(prompt).id, name);
  }

  /// A job that made these, and its end.
  void finish_with(std::string_view prompt, std::vector<std::pair<api::Artifact, std::string>> files) {
    const std::string id = orchestrator.job_with_prompt(prompt).id;
    for (auto& [artifact, bytes] : files)
      orchestrator.artifacts.add(id, std::move(artifact), std::move(bytes));
    orchestrator.finish(id, domain::JobStatus::completed, "done");
  }

  std::vector<std::string> upload_methods() const {
    std::vector<std::string> methods;
    for (const auto& one : telegram.uploads) methods.push_back(one.method);
    return methods;
  }
};

TEST_F(GatewayFilesTest, APhotoReachesItsJobAndTheTemporaryFileGoes) {
  start();
  telegram.send_file("photo", "PICTURE", owner, {{"caption", "What is this?"}});

  ASSERT_TRUE(until([&] { return attachment("What is this?", "1-photo.jpg") != nullptr; }));
  const auto* kept = attachment("What is this?", "1-photo.jpg");
  EXPECT_EQ(kept->bytes, "PICTURE");
  EXPECT_EQ(kept->artifact.content_type, "image/jpeg");
  const auto body = json::parse(orchestrator.bodies.begin()->second).value();
  EXPECT_EQ(json::serialize(*json::find(body, "attachments")), R"(["1-photo.jpg"])");
  EXPECT_TRUE(until([&] { return std::filesystem::is_empty(home.path() / "incoming-files"); }));
}

TEST_F(GatewayFilesTest, WithoutWordsTheTaskSaysWhatCame) {
  start();
  telegram.send_file("voice", "SOUND", owner, {{"duration", 3}});

  EXPECT_TRUE(
      until([&] { return attachment("A voice message came without words.", "1-voice.ogg") != nullptr; }));
}

TEST_F(GatewayFilesTest, ADownloadThatFailsIsRepeated) {
  telegram.download_faults = {{.status = 404}, {.missing_bytes = 3}, {.status = 502}};
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});

  ASSERT_TRUE(until([&] { return attachment("read", "1-a.txt") != nullptr; }));
  EXPECT_EQ(attachment("read", "1-a.txt")->bytes, "0123456789");
  EXPECT_EQ(telegram.downloads, 4U);
}

TEST_F(GatewayFilesTest, AFileThatTelegramDoesNotHandOutIsToldToPersonAndAgent) {
  telegram.most_file_bytes = 5;
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});

  ASSERT_TRUE(until([&] { return attachment("read", "1-a.txt") != nullptr; }));
  EXPECT_EQ(attachment("read", "1-a.txt")->artifact.content_type, api::missing_content_type);
  EXPECT_THAT(attachment("read", "1-a.txt")->bytes, HasSubstr("larger than the 20 MB"));
  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts(), Contains(HasSubstr("I can't fetch “a.txt”")));
}

TEST_F(GatewayFilesTest, AFileOfMoreThanTwentyMegabytesIsRefusedBeforeAnythingIsAsked) {
  start();
  telegram.send_file("document", "x", owner, {{"file_name", "a.iso"}, {"file_size", 20'971'521}});

  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("I can't fetch “a.iso”")));
  EXPECT_EQ(telegram.count_calls("getFile"), 0U);
  EXPECT_THAT(orchestrator.created, IsEmpty());
}

TEST_F(GatewayFilesTest, NothingOfAStrangerIsFetched) {
  start();
  telegram.send_file("photo", "PICTURE", 4'711, {{"caption", "let me in"}});
  say("hello");

  ASSERT_TRUE(until([&] { return std::ranges::count(orchestrator.created, "hello") == 1; }));
  EXPECT_EQ(telegram.count_calls("getFile"), 0U);
  EXPECT_EQ(orchestrator.created.size(), 1U);
}

TEST_F(GatewayFilesTest, NothingIsFetchedForAPersonWhoWasLetOutMeanwhile) {
  settings.allowed = {77};
  for (int i = 0; i < 9; ++i) telegram.download_faults.push_back({.status = 502});
  options.files.timing.backoff = {std::chrono::minutes{1}, 1.0, std::chrono::minutes{1}};
  start();
  telegram.send_file("document", "0123456789", 77, {{"caption", "read"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return telegram.downloads == 1; }));

  kill();
  settings.allowed = {};
  telegram.download_faults.clear();
  start();
  say("hello");

  ASSERT_TRUE(until([&] { return std::ranges::count(orchestrator.created, "hello") == 1; }));
  EXPECT_EQ(telegram.downloads, 1U);
  EXPECT_EQ(attachment("read", "1-a.txt"), nullptr);
}

TEST_F(GatewayFilesTest, AFileOfALocalServerIsReadFromItsFolder) {
  const TempFolder folder;
  settings.telegram_server_files = folder.path();
  telegram.file_folder = folder.path().string() + "/";
  std::ofstream{folder.path() / "file-0"} << "0123456789";
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});

  ASSERT_TRUE(until([&] { return attachment("read", "1-a.txt") != nullptr; }));
  EXPECT_EQ(attachment("read", "1-a.txt")->bytes, "0123456789");
  EXPECT_EQ(telegram.downloads, 0U);
}

TEST_F(GatewayFilesTest, NothingOutsideOfALocalServersFolderIsRead) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.path() / "server");
  std::ofstream{folder.path() / "secret"} << "0123456789";
  std::filesystem::create_symlink(folder.path() / "secret", folder.path() / "server/file-1");
  settings.telegram_server_files = folder.path() / "server";
  telegram.file_folder = folder.path().string() + "/";
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "outside"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return attachment("outside", "1-a.txt") != nullptr; }));
  EXPECT_EQ(attachment("outside", "1-a.txt")->artifact.content_type, api::missing_content_type);

  telegram.file_folder = folder.path().string() + "/server/";
  telegram.send_file("document", "0123456789", owner, {{"caption", "a link"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return attachment("a link", "1-a.txt") != nullptr; }));
  EXPECT_EQ(attachment("a link", "1-a.txt")->artifact.content_type, api::missing_content_type);
}

TEST_F(GatewayFilesTest, WithoutAFolderAPathOnTheServersDiskIsRefused) {
  telegram.file_folder = "/etc/";
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});

  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts(), Contains(HasSubstr("TELEGRAM_SERVER_FILES")));
}

TEST_F(GatewayFilesTest, ARetryBringsTheSameFilesAgain) {
  start();
  telegram.send_file("photo", "PICTURE", owner, {{"caption", "look"}});
  ASSERT_TRUE(until([&] { return attachment("look", "1-photo.jpg") != nullptr; }));
  orchestrator.finish(orchestrator.job_with_prompt("look").id, domain::JobStatus::failed, {}, "no model");
  ASSERT_TRUE(shown(1));

  say("/retry");

  ASSERT_TRUE(until([&] { return orchestrator.artifacts.of_job.size() == 2; }));
  for (const auto& [job, files] : orchestrator.artifacts.of_job) EXPECT_EQ(files.at(0).bytes, "PICTURE");
}

TEST_F(GatewayFilesTest, StatusAndJobsNameTheFilesOfAJob) {
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "chart.png", .content_type = "image/png"}, "PNG"}});
  ASSERT_TRUE(until([&] { return telegram.uploads.size() == 1; }));

  say("/status " + short_id("draw"));
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts().back(), HasSubstr("Files: chart.png (3 B)"));
  say("/jobs");
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts().back(), HasSubstr("Files: chart.png (3 B)"));
}

TEST_F(GatewayFilesTest, WhileAFileIsSentTheChatShowsIt) {
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "chart.png", .content_type = "image/png"}, "PNG"}});
  ASSERT_TRUE(until([&] { return telegram.uploads.size() == 1; }));
  std::vector<std::string> actions;
  for (const auto& body : telegram.bodies_of("sendChatAction")) {
    actions.emplace_back(json::find_string(body, "action"));
  }
  EXPECT_THAT(actions, Contains("upload_photo"));
}

TEST_F(GatewayFilesTest, AnUploadOfWhichNobodyKnowsIsRepeatedOnce) {
  telegram.upload_errors = {{500, "Internal Server Error"}};
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "report.pdf", .content_type = "application/pdf"}, "PDF"}});

  EXPECT_TRUE(until([&] { return telegram.uploads.size() == 2; }));
}

TEST_F(GatewayFilesTest, FetchingGoesOnAfterAKill) {
  for (int i = 0; i < 9; ++i) telegram.download_faults.push_back({.status = 502});
  options.files.timing.backoff = {std::chrono::minutes{1}, 1.0, std::chrono::minutes{1}};
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return telegram.downloads == 1; }));

  kill();
  telegram.download_faults.clear();
  start();

  ASSERT_TRUE(until([&] { return attachment("read", "1-a.txt") != nullptr; }));
  EXPECT_EQ(orchestrator.created.size(), 1U);
}

TEST_F(GatewayFilesTest, AJobThatHasNoRoomForAFileIsTold) {
  orchestrator.artifacts.refusals = {{413, "artifact_quota"}};
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});

  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts(), Contains(HasSubstr("there is no room for it")));
  EXPECT_EQ(attachment("read", "1-a.txt")->artifact.content_type, api::missing_content_type);
}

TEST_F(GatewayFilesTest, TheFilesOfAJobComeAfterItsAnswer) {
  start();
  start_job("draw");
  finish_with("draw",
              {{{.name = "chart.png", .content_type = "image/png", .caption = "**The** chart"}, "PNG"},
               {{.name = "photo.jpg", .content_type = "image/jpeg"}, "JPEG"},
               {{.name = "report.pdf", .content_type = "application/pdf"}, "PDF"}});

  ASSERT_TRUE(until([&] { return telegram.uploads.size() == 2; }));
  EXPECT_THAT(texts(), Contains("done"));
  EXPECT_THAT(upload_methods(), ElementsAre("sendMediaGroup", "sendDocument"));
  EXPECT_THAT(telegram.uploads[0].body,
              HasSubstr(R"("type":"photo","media":"attach://file0","caption":"The chart")"));
  EXPECT_THAT(telegram.uploads[0].body, HasSubstr("JPEG"));
  EXPECT_THAT(telegram.uploads[1].body, HasSubstr("filename=\"report.pdf\""));
  EXPECT_THAT(telegram.uploads[1].body, HasSubstr("disable_notification"));
  EXPECT_TRUE(until([&] { return std::filesystem::is_empty(home.path() / "outgoing-files"); }));
}

TEST_F(GatewayFilesTest, WhatThePersonSentIsNotSentBack) {
  start();
  telegram.send_file("photo", "PICTURE", owner, {{"caption", "What is this?"}});
  ASSERT_TRUE(until([&] { return attachment("What is this?", "1-photo.jpg") != nullptr; }));
  orchestrator.run(orchestrator.job_with_prompt("What is this?").id);
  finish_with("What is this?", {});

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(telegram.uploads, IsEmpty());
}

TEST_F(GatewayFilesTest, APhotoThatTelegramRefusesIsSentAsADocument) {
  telegram.upload_errors = {{400, "Bad Request: IMAGE_PROCESS_FAILED"}};
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "chart.png", .content_type = "image/png"}, "PNG"}});

  ASSERT_TRUE(until([&] { return telegram.uploads.size() == 2; }));
  EXPECT_THAT(upload_methods(), ElementsAre("sendPhoto", "sendDocument"));
}

TEST_F(GatewayFilesTest, AFileThatTelegramRefusesIsExplained) {
  telegram.upload_errors = {{413, "Request Entity Too Large"}};
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "big.bin", .content_type = "application/zip"}, "ZIP"}});

  ASSERT_TRUE(until([&] { return telegram.shown.size() == 2; }));
  EXPECT_THAT(texts(), Contains(HasSubstr("I can't send big.bin: Telegram takes at most 50 MB")));
}

TEST_F(GatewayFilesTest, AFileThatCannotBeBroughtNowHoldsNoAnswerUp) {
  orchestrator.artifacts.away = true;
  start();
  start_job("draw");
  finish_with("draw", {{{.name = "chart.png", .content_type = "image/png"}, "PNG"}});
  ASSERT_TRUE(until([&] { return orchestrator.artifacts.calls >= 3; }));
  start_job("and now?");
  finish_with("and now?", {});
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 2; })) << "the second answer";
  EXPECT_THAT(telegram.uploads, IsEmpty());

  orchestrator.artifacts.away = false;
  EXPECT_TRUE(until([&] { return telegram.uploads.size() == 1; }));
}

TEST_F(GatewayFilesTest, AFileThatIsGoneIsExplained) {
  start();
  start_job("draw");
  telegram.hold_sends = true;
  finish_with("draw", {{{.name = "chart.png", .content_type = "image/png"}, "PNG"}});
  ASSERT_TRUE(until([&] { return telegram.held == 1 && orchestrator.artifacts.calls > 0; }));
  orchestrator.artifacts.of_job.clear();
  telegram.hold_sends = false;
  telegram.changed.notify_all();

  ASSERT_TRUE(until([&] { return telegram.shown.size() == 2; }));
  EXPECT_THAT(texts(), Contains(HasSubstr("isn't kept")));
}

TEST_F(GatewayFilesTest, AFileThatComesAfterItsRequestWasChangedGoesToTheOtherJobAndEndsNothing) {
  telegram.hold_downloads = true;
  start();
  const std::int64_t message = telegram.next_message_id;
  telegram.send_file("document", "0123456789", owner, {{"caption", "raed"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return telegram.count_calls("getFile") == 1; }));
  telegram.edit(message, "read", owner);
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  telegram.hold_downloads = false;
  telegram.changed.notify_all();

  ASSERT_TRUE(until([&] { return attachment("read", "1-a.txt") != nullptr; }));
  ASSERT_TRUE(until([&] { return attachment("raed", "1-a.txt") != nullptr; }));
  say("are you there?");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 3; }));
  EXPECT_TRUE(running);
}

TEST_F(GatewayFilesTest, WithoutARoomForFilesTheGatewayGoesOn) {
  telegram.hold_downloads = true;
  start();
  telegram.send_file("document", "0123456789", owner, {{"caption", "read"}, {"file_name", "a.txt"}});
  ASSERT_TRUE(until([&] { return telegram.count_calls("getFile") == 1; }));
  std::filesystem::remove_all(home.path() / "incoming-files");  // as on a disk that takes nothing any more
  telegram.hold_downloads = false;
  telegram.changed.notify_all();
  ASSERT_TRUE(until([&] { return telegram.downloads >= 10; }));
  say("are you there?");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  EXPECT_TRUE(running);
}

}  // namespace

}  // namespace butler::gateway::gateway_files_test
