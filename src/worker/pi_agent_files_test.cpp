// What the agent is given of the files that came with a request.
#include <gmock/gmock.h>

#include <boost/asio/post.hpp>

#include "worker/pi_agent_fixture.hpp"

namespace butler::worker::pi_agent_files_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing_support::run_to_end;

class PiAgentFilesTest : public testing_support::PiAgentTest {
 protected:
  Outcome run_with(const std::string& prompt, std::vector<std::string> names) {
    auto job = testing_support::make_job(prompt);
    job.attachments = std::move(names);
    auto agent = make_agent_with_inbox();
    return run_to_end(context, agent.run(job, listener));
  }
  PiAgent make_agent_with_inbox() {
    const auto talk = conversation("telegram:1:v1");
    auto place = call_place(testing_support::make_job(""), talk, settings, home.user_home.string());
    auto receiver = std::make_unique<AttachmentReceiver>(
        context.get_executor(), AttachmentReceiver::Options{.workspace = settings.workspace,
                                                            .spool = settings.home / "worker" / "files"});
    return PiAgent{context.get_executor(), sessions(), talk, ToolGate{std::move(place), decide}, options,
                   std::move(receiver)};
  }
};

TEST_F(PiAgentFilesTest, TheFilesAreThereAndTheNoteGoesBeforeTheRequest) {
  listener.job_files.incoming["1-a.txt"] = {"text/plain", "hello"};
  const auto outcome = run_with("echo", {"1-a.txt"});
  EXPECT_THAT(outcome.text, testing::StartsWith("[A note from Butler, not from the person: a file came"));
  EXPECT_THAT(outcome.text, HasSubstr("- inbox/456789/1-a.txt: text/plain, 5 bytes."));
  EXPECT_THAT(outcome.text, testing::EndsWith("]\n\necho"));
  EXPECT_EQ(testing_support::file_content(settings.workspace / "inbox/456789/1-a.txt"), "hello");
}

TEST_F(PiAgentFilesTest, APictureGoesWithThePromptAndNotWithTheNext) {
  listener.job_files.incoming["1-photo.png"] = {"image/png", "\x89PNG\r\n\x1A\n"};
  run_with("say seen", {"1-photo.png"});
  EXPECT_THAT(commands(),
              HasSubstr(R"("images": [{"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}])"));
  const auto before = commands();
  run_with("say again", {});
  EXPECT_THAT(commands().substr(before.size()), Not(HasSubstr("images")));
}

TEST_F(PiAgentFilesTest, AResumedCallIsAskedForAgainWithoutTheFilesThatTheHistoryHas) {
  run("say first");
  listener.job_files.incoming["1-photo.png"] = {"image/png", "\x89PNG\r\n\x1A\n"};
  listener.interrupted = api::Approval{};
  listener.interrupted->tool_name = "bash";
  const auto before = commands();
  run_with("echo", {"1-photo.png"});
  EXPECT_THAT(commands().substr(before.size()), Not(HasSubstr("images")));
  EXPECT_TRUE(fs::exists(settings.workspace / "inbox/456789/1-photo.png"));
}

/// Notes whether the files are there when copies are made.
class CopiesThatLook final : public sandbox::Copies {
 public:
  explicit CopiesThatLook(std::function<void()> look) : look_(std::move(look)) {}
  boost::asio::awaitable<Transfer> bring_in() override {
    look_();
    co_return std::vector<std::string>{};
  }
  boost::asio::awaitable<Transfer> bring_out() override { co_return std::vector<std::string>{}; }

 private:
  std::function<void()> look_;
};

TEST_F(PiAgentFilesTest, AnAgentThatWorksOnCopiesGetsThemWithItsWorkspace) {
  std::vector<bool> seen;
  const auto look = [&] { seen.push_back(fs::exists(settings.workspace / "inbox/456789/1-a.txt")); };
  sandbox.copies = [&] {
    look();
    return std::make_unique<CopiesThatLook>(look);
  };
  listener.job_files.incoming["1-a.txt"] = {"text/plain", "hello"};
  EXPECT_EQ(run_with("say one", {"1-a.txt"}).kind, Outcome::Kind::completed);
  fs::remove_all(settings.workspace / "inbox");
  EXPECT_EQ(run_with("say two", {"1-a.txt"}).kind, Outcome::Kind::completed);
  EXPECT_THAT(seen, testing::ElementsAre(true, true));
}

TEST_F(PiAgentFilesTest, AnAbortWhileFilesAreFetchedEndsTheJobBeforeItsAgentStarts) {
  listener.job_files.hang = true;
  auto job = testing_support::make_job("say never");
  job.attachments = {"1-a.txt"};
  auto agent = make_agent_with_inbox();
  boost::asio::post(context,
                    [&] { boost::asio::post(context, [&] { agent.abort(std::chrono::seconds{5}); }); });
  EXPECT_EQ(run_to_end(context, agent.run(job, listener)).kind, Outcome::Kind::aborted);
  EXPECT_EQ(commands(), "");
}

}  // namespace
}  // namespace butler::worker::pi_agent_files_test
