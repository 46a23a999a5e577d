// The command send-file against an agent's listener, as a command of a job runs it.
#include <gmock/gmock.h>

#include "worker/agent_environment.hpp"
#include "worker/outgoing_files.hpp"
#include "worker/run_command.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::send_file_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing_support::run_to_end;
using testing_support::write_file;

class SendFileTest : public testing::Test {
 protected:
  SendFileTest() {
    settings.home = folder.path() / "home";
    settings.provider = "mock";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"key-for-the-provider"};
    fs::create_directory(settings.home);
    fs::create_directory(workspace);
    home = prepare_agent_home(settings.home);
    write_file(home.folder / "models.json", testing_support::models_json("http://127.0.0.1:9/v1"));
    services.emplace(context.get_executor(), settings);
    options.sandbox = &sandbox;
    options.scratch_parent = home.scratch;
    options.spec = [this](const fs::path& scratch) {
      sandbox::Spec spec{.arguments = {}, .environment = command_environment(settings, home, scratch)};
      spec.workspace = workspace;
      return spec;
    };
    options.serve = [this](http::ListeningSocket socket, const ServiceToken& token) {
      return services->open(std::move(socket), {}, token);
    };
  }
  void TearDown() override { run_to_end(context, services->shut_down()); }

  Outcome run(const std::string& command) {
    RunCommand agent(context.get_executor(), options,
                     ToolGate({}, testing_support::decides(policy::Verdict::ask)));
    return run_to_end(context, agent.run(testing_support::make_job(command), listener));
  }
  /// What the command says, and its exit status.
  std::string said_by(const std::string& command) { return run(command + "; echo \"status $?\"").text; }
  const std::vector<testing_support::FakeJobFiles::Sent>& sent() const { return listener.job_files.sent; }
  fs::path spool() const { return settings.home / "worker" / "files"; }

  testing_support::TempFolder folder;
  boost::asio::io_context context{1};
  config::WorkerSettings settings;
  AgentHome home;
  fs::path workspace = folder.path() / "workspace";
  testing_support::PlainSandbox sandbox;
  std::optional<AgentServices> services;
  RunCommand::Options options;
  testing_support::ListenerLog listener{context};
};

TEST_F(SendFileTest, AFileArrivesWithItsNameTypeCaptionAndKind) {
  write_file(workspace / "report 1.pdf", "%PDF-1.7 content");
  EXPECT_EQ(said_by("send-file 'report 1.pdf' --caption $'Gr\\u00fc\\u00dfe, 100% \"fine\"' --as document"),
            "Sent report_1.pdf (16 bytes).\nstatus 0\n");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(sent()[0].name, "report_1.pdf");
  EXPECT_EQ(sent()[0].media_type, "application/pdf");
  EXPECT_EQ(sent()[0].kind, "document");
  EXPECT_EQ(sent()[0].caption,
            "Gr\xC3\xBC\xC3\x9F"
            "e, 100% \"fine\"");
  EXPECT_EQ(sent()[0].content, "%PDF-1.7 content");
  EXPECT_TRUE(fs::is_empty(spool()));
}

TEST_F(SendFileTest, ALargeFileOfAnyBytesArrivesWhole) {
  run("head -c 3000000 /dev/urandom > data.bin; send-file data.bin");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(sent()[0].content, testing_support::file_content(workspace / "data.bin"));
}

TEST_F(SendFileTest, FilesOfOneNameGetNumbersAndTheCaptionIsTheFirstOnes) {
  fs::create_directory(workspace / "b");
  write_file(workspace / "a.txt", "one");
  write_file(workspace / "b/a.txt", "two");
  EXPECT_EQ(said_by("send-file a.txt b/a.txt --caption=here"),
            "Sent a.txt (3 bytes).\nSent a-2.txt (3 bytes).\nstatus 0\n");
  EXPECT_EQ(sent()[0].caption, "here");
  EXPECT_EQ(sent()[1].caption, "");
}

TEST_F(SendFileTest, WhatCannotBeSentIsSaidAndTheOthersAreSent) {
  write_file(workspace / "good.txt", "good");
  write_file(workspace / "empty.txt", "");
  fs::create_directory(workspace / "folder");
  const auto said =
      said_by("truncate -s 52428801 huge.bin; send-file none.txt folder empty.txt huge.bin good.txt");
  EXPECT_THAT(said, HasSubstr("none.txt does not exist"));
  EXPECT_THAT(said, HasSubstr("folder is a folder"));
  EXPECT_THAT(said, HasSubstr("empty.txt is empty"));
  EXPECT_THAT(said, HasSubstr("huge.bin is larger than 50 MiB: make it smaller, or split it"));
  EXPECT_THAT(said, HasSubstr("Sent good.txt (4 bytes).\nstatus 1\n"));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(SendFileTest, WrongUsageIsExplainedAndHelpIsGiven) {
  struct Case {
    const char* arguments;
    const char* words;
  };
  for (const auto& [arguments, words] :
       {Case{"", "name at least one file"}, Case{"--nonsense", "no option --nonsense"},
        Case{"a --as", "--as needs a value"},
        Case{"a --as sticker", "photo, document, voice, audio or video"}}) {
    const auto said = said_by(std::string{"send-file "} + arguments);
    EXPECT_THAT(said, HasSubstr(words));
    EXPECT_THAT(said, HasSubstr("status 2"));
  }
  EXPECT_THAT(said_by("send-file --help"),
              testing::AllOf(StartsWith("Usage: send-file PATH"), HasSubstr("status 0")));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(SendFileTest, ACaptionThatIsTooLongIsRefusedByTheWorker) {
  write_file(workspace / "a.txt", "one");
  EXPECT_THAT(said_by("send-file a.txt --caption \"$(head -c 1025 /dev/zero | tr '\\0' x)\""),
              HasSubstr("more than 1024 characters"));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(SendFileTest, TheOrchestratorsRefusalReachesTheAgent) {
  write_file(workspace / "a.txt", "one");
  listener.job_files.refusal = "there is no room for it";
  EXPECT_EQ(said_by("send-file a.txt"),
            "send-file: a.txt: The file was not sent: there is no room for it.\nstatus 1\n");
}

TEST_F(SendFileTest, AJobSendsTwentyFilesAndNoMore) {
  write_file(workspace / "a.txt", "one");
  const auto said = said_by("for i in {1..21}; do send-file a.txt; done");
  EXPECT_EQ(sent().size(), OutgoingFiles::most_files);
  EXPECT_THAT(said, HasSubstr("20 files of this job were, which is the most"));
}

TEST_F(SendFileTest, NoMoreThanTwentyHoweverManyComeAtOnce) {
  write_file(workspace / "a.txt", "one");
  const auto said = said_by(
      "for i in {1..19}; do send-file a.txt; done\n"
      "url=${BUTLER_FILES_URL#http://}; address=${url%%/*}\n"
      "for fd in 5 6 7 8; do\n"
      "  eval \"exec $fd<>/dev/tcp/${address%:*}/${address##*:}\"\n"
      "  printf 'POST /%s/b.txt HTTP/1.1\\r\\nhost: x\\r\\nexpect: 100-continue\\r\\n"
      "content-length: 1\\r\\n\\r\\n' \"${url#*/}\" >&$fd\n"
      "  read -r line <&$fd; echo \"first $line\"; read -r line <&$fd\n"
      "done\n"
      "for fd in 5 6 7 8; do printf x >&$fd; read -r line <&$fd; echo \"then $line\"; done");
  EXPECT_THAT(said, HasSubstr("first HTTP/1.1 100"));
  EXPECT_THAT(said, HasSubstr("then HTTP/1.1 200"));
  EXPECT_THAT(said, HasSubstr("then HTTP/1.1 429"));
  EXPECT_EQ(sent().size(), OutgoingFiles::most_files);
  EXPECT_TRUE(fs::is_empty(spool()));
}

TEST_F(SendFileTest, AFileThatBecomesShorterMeanwhileIsSaidAndHoldsNobodyUp) {
  write_file(workspace / "log.txt", "0123456789");
  const auto said = said_by(
      "mkdir bin; printf '#!/bin/sh\necho 100000\n' > bin/wc; chmod +x bin/wc; PATH=$PWD/bin:$PATH send-file "
      "log.txt");
  EXPECT_THAT(said, HasSubstr("log.txt became shorter while it was sent: send it again"));
  EXPECT_THAT(said, HasSubstr("status 1"));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(SendFileTest, FourAreOnTheirWayAtATimeAndNoMore) {
  write_file(workspace / "a.txt", "one");
  listener.job_files.hang = true;
  run("for i in {1..5}; do send-file a.txt & done; wait -n");
  EXPECT_THAT(listener.text(), HasSubstr("4 are on their way"));
}

TEST_F(SendFileTest, WithoutTheAgentsTokenNothingIsTaken) {
  write_file(workspace / "a.txt", "one");
  EXPECT_THAT(said_by("BUTLER_FILES_URL=${BUTLER_FILES_URL%/*}/0000 send-file a.txt"),
              testing::AllOf(HasSubstr("Files are taken of one agent only"), HasSubstr("status 1")));
  EXPECT_THAT(said_by("env -u BUTLER_FILES_URL send-file a.txt"),
              HasSubstr("there is nobody to send files to"));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(SendFileTest, NothingIsTakenWhenNoJobRuns) {
  const ServiceToken token;
  const auto access = services->open(http::ListeningSocket::on_port("127.0.0.1", 0), {}, token);
  std::string address;
  for (const auto& assignment : token.way_out(access->port())) {
    if (assignment.starts_with("BUTLER_FILES_URL=")) address = assignment;
  }
  write_file(workspace / "a.txt", "one");
  const auto said_now = [&] { return said_by(address + " send-file a.txt"); };
  EXPECT_THAT(said_now(), HasSubstr("no job of this agent runs"));
  testing_support::FakeJobFiles files;
  access->begin("job", {}, &files);
  EXPECT_THAT(said_now(), HasSubstr("Sent a.txt"));
  access->hold();
  EXPECT_THAT(said_now(), HasSubstr("no job of this agent runs"));
  access->begin("next", {}, &files);
  access->end();
  EXPECT_THAT(said_now(), HasSubstr("no job of this agent runs"));
  EXPECT_EQ(files.sent.size(), 1U);
  run_to_end(context, access->settle());
}

TEST_F(SendFileTest, TheEndOfTheJobCutsAFileOnItsWay) {
  write_file(workspace / "a.txt", "one");
  listener.job_files.hang = true;
  options.time_limit = std::chrono::milliseconds{500};
  EXPECT_EQ(run("send-file a.txt").kind, Outcome::Kind::failed);
  EXPECT_TRUE(fs::is_empty(spool()));
}

}  // namespace
}  // namespace butler::worker::send_file_test
