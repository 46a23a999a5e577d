#include "worker/attachment_receiver.hpp"

#include <gmock/gmock.h>

#include <boost/asio/post.hpp>

#include "api/artifact.hpp"
#include "worker/base64.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::attachment_receiver_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::file_content;
using testing_support::run_to_end;

const std::string png = "\x89PNG\r\n\x1A\n and the rest";

class AttachmentReceiverTest : public testing::Test {
 protected:
  AttachmentReceiverTest() {
    options.workspace = folder.path() / "workspace";
    options.spool = folder.path() / "spool";
    fs::create_directory(options.workspace);
    fs::create_directory(options.spool);
  }

  void add(const std::string& name, std::string content,
           std::string media_type = "application/octet-stream") {
    names.push_back(name);
    files.incoming[name] = {std::move(media_type), std::move(content)};
  }
  ReceivedAttachments receive() {
    auto job = testing_support::make_job("look");
    job.attachments = names;
    AttachmentReceiver receiver(context.get_executor(), options);
    return run_to_end(context, receiver.receive(job, files));
  }

  testing_support::TempFolder folder;
  boost::asio::io_context context{1};
  AttachmentReceiver::Options options;
  testing_support::FakeJobFiles files;
  std::vector<std::string> names;
};

TEST_F(AttachmentReceiverTest, FilesLieInTheInboxAndNothingStaysInTheSpool) {
  add("1-a.txt", "hello");
  add("2-b.txt", "world");
  const auto received = receive();
  EXPECT_EQ(file_content(options.workspace / "inbox/456789/1-a.txt"), "hello");
  EXPECT_EQ(file_content(options.workspace / "inbox/456789/2-b.txt"), "world");
  EXPECT_THAT(received.note, HasSubstr("- inbox/456789/1-a.txt: text/plain, 5 bytes."));
  EXPECT_THAT(received.pictures, IsEmpty());
  EXPECT_TRUE(fs::is_empty(options.spool));
}

TEST_F(AttachmentReceiverTest, APictureIsOneByItsContentWhateverItIsCalled) {
  add("1-photo.jpg", png, "image/jpeg");
  add("2-photo.png", "no picture at all", "image/png");
  const auto received = receive();
  EXPECT_THAT(received.pictures,
              testing::ElementsAre(pi::Picture{.data = to_base64(png), .media_type = "image/png"}));
}

TEST_F(AttachmentReceiverTest, AModelThatTakesNoPicturesGetsNone) {
  options.shows_pictures = false;
  add("1-photo.png", png);
  const auto received = receive();
  EXPECT_THAT(received.pictures, IsEmpty());
  EXPECT_THAT(received.note, HasSubstr("you cannot see it"));
}

TEST_F(AttachmentReceiverTest, TooManyAndTooLargePicturesAreFilesOnly) {
  add("01-large.png", png + std::string(AttachmentReceiver::picture_bytes, 'x'));
  for (int i = 10; i < 22; ++i) add(std::to_string(i) + ".png", png);
  const auto received = receive();
  EXPECT_EQ(received.pictures.size(), AttachmentReceiver::most_pictures);
  EXPECT_THAT(received.note, HasSubstr("too large to come with this message"));
  EXPECT_THAT(received.note, HasSubstr("21.png: image/png, 21 bytes. No more pictures"));
  EXPECT_TRUE(fs::exists(options.workspace / "inbox/456789/21.png"));
}

TEST_F(AttachmentReceiverTest, AllPicturesTogetherHaveALimit) {
  for (int i = 1; i < 4; ++i)
    add(std::to_string(i) + ".png", png + std::string(AttachmentReceiver::picture_bytes - 100, 'x'));
  EXPECT_EQ(receive().pictures.size(), 2U);
}

TEST_F(AttachmentReceiverTest, AFileThatTheSenderCouldNotGiveIsSaidAsItsReason) {
  add("1-film.mp4", "it is larger than 20 MB, which a bot may not fetch",
      std::string{api::missing_content_type});
  const auto received = receive();
  EXPECT_THAT(received.note, HasSubstr("1-film.mp4 (file) is missing: it is larger than 20 MB"));
  EXPECT_FALSE(fs::exists(options.workspace / "inbox/456789/1-film.mp4"));
}

TEST_F(AttachmentReceiverTest, OneThatCannotBeHadDoesNotKeepTheOthers) {
  names.emplace_back("1-gone.txt");
  names.emplace_back("../../escape");
  add("3-here.txt", "hello");
  const auto received = receive();
  EXPECT_THAT(received.note, HasSubstr("1-gone.txt (file) is missing: it is not there any more"));
  EXPECT_THAT(received.note, HasSubstr("is missing: it has a name that no file may have"));
  EXPECT_TRUE(fs::exists(options.workspace / "inbox/456789/3-here.txt"));
}

TEST_F(AttachmentReceiverTest, AnInboxThatTheAgentHasMadeALinkTakesNothing) {
  fs::create_directory(folder.path() / "elsewhere");
  fs::create_directory_symlink(folder.path() / "elsewhere", options.workspace / "inbox");
  add("1-a.txt", "hello");
  EXPECT_THAT(receive().note, HasSubstr("is missing: it could not be put into the inbox"));
  EXPECT_TRUE(fs::is_empty(folder.path() / "elsewhere"));
}

TEST_F(AttachmentReceiverTest, AVoiceMessageIsWrittenDownAndOtherFilesAreNot) {
  std::vector<std::string> heard;
  options.transcribe =
      [&](Recording recording) -> boost::asio::awaitable<std::expected<std::string, std::string>> {
    heard.push_back(recording.place.filename().string() + ": " + file_content(recording.content));
    if (heard.size() > 1) co_return std::unexpected("nothing was heard in it");
    co_return "buy milk";
  };
  add("1-voice.ogg", "OggS1");
  add("2-voice.ogg", "OggS2");
  add("3-song.mp3", "ID3");
  const auto received = receive();
  EXPECT_THAT(heard, testing::ElementsAre("1-voice.ogg: OggS1", "2-voice.ogg: OggS2"));
  EXPECT_THAT(received.note, HasSubstr("may be wrong: \"buy milk\""));
  EXPECT_THAT(received.note, HasSubstr("could not be transcribed: nothing was heard in it"));
}

TEST_F(AttachmentReceiverTest, ATranscriptionThatBreaksCostsNoWordAboutTheFiles) {
  options.transcribe = [](Recording) -> boost::asio::awaitable<std::expected<std::string, std::string>> {
    throw std::system_error(std::make_error_code(std::errc::no_space_on_device), "scratch");
    co_return "";
  };
  add("1-voice.ogg", "OggS1");
  add("2-a.txt", "hello");
  const auto received = receive();
  EXPECT_THAT(received.note, HasSubstr("could not be transcribed: scratch: No space left on device"));
  EXPECT_THAT(received.note, HasSubstr("- inbox/456789/2-a.txt"));
}

TEST_F(AttachmentReceiverTest, ItEndsWhenItIsCancelled) {
  add("1-a.txt", "hello");
  files.hang = true;
  auto job = testing_support::make_job("look");
  job.attachments = names;
  AttachmentReceiver receiver(context.get_executor(), options);
  boost::asio::post(context, [&] { boost::asio::post(context, [&] { receiver.cancel(); }); });
  EXPECT_EQ(run_to_end(context, receiver.receive(job, files)).note, "");
  EXPECT_TRUE(fs::is_empty(options.spool));
}

}  // namespace
}  // namespace butler::worker::attachment_receiver_test
