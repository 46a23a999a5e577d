#include "worker/conversation.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "worker/test_support.hpp"

namespace butler::worker::conversation_test {
namespace {

namespace fs = std::filesystem;
using domain::Channel;
using Kind = WorkspaceOwner::Kind;
using Metadata = std::map<std::string, std::string>;

struct Asked {
  const char* name;
  Channel channel;
  const char* requester;
  const char* chat;
  Metadata metadata;
  std::optional<WorkspaceOwner> owner;  ///< nullopt: refused
};

std::ostream& operator<<(std::ostream& out, const Asked& asked) { return out << asked.name; }

const WorkspaceOwner the_owners{};
const WorkspaceOwner person_7{.kind = Kind::person, .id = "7"};
const Metadata owner_in_private{{"requesterRole", "owner"}, {"chatType", "private"}};

const Asked table[] = {
    {"AnOwnerInPrivate", Channel::telegram, "7", "7", owner_in_private, the_owners},
    {"APersonInPrivate",
     Channel::telegram,
     "7",
     "7",
     {{"requesterRole", "person"}, {"chatType", "private"}},
     person_7},
    {"AnOwnerInAGroup",
     Channel::telegram,
     "7",
     "-100123",
     {{"requesterRole", "owner"}, {"chatType", "group"}},
     WorkspaceOwner{.kind = Kind::group, .id = "100123"}},
    {"APersonInAGroup",
     Channel::telegram,
     "8",
     "-100123",
     {{"requesterRole", "person"}, {"chatType", "group"}},
     WorkspaceOwner{.kind = Kind::group, .id = "100123"}},
    {"NothingNoted", Channel::telegram, "7", "7", {}, person_7},
    {"ARoleWithoutAChatType", Channel::telegram, "7", "7", {{"requesterRole", "owner"}}, person_7},
    {"AnUnknownRole",
     Channel::telegram,
     "7",
     "7",
     {{"requesterRole", "admin"}, {"chatType", "private"}},
     person_7},
    {"TheCommandLine", Channel::cli, "ada", "terminal", {}, the_owners},
    {"TheApi", Channel::api, "../..", "x", {{"requesterRole", "person"}, {"chatType", "group"}}, the_owners},
    {"APathForAPerson", Channel::telegram, "../7", "7", {}, std::nullopt},
    {"ANameForAPerson", Channel::telegram, "__proto__", "7", {}, std::nullopt},
    {"NobodyForAPerson", Channel::telegram, "", "7", {}, std::nullopt},
    {"ANegativePerson", Channel::telegram, "-7", "7", {}, std::nullopt},
    {"ALongNumber", Channel::telegram, "123456789012345678901", "7", {}, std::nullopt},
    {"APathForAGroup", Channel::telegram, "7", "-1/../../x", {{"chatType", "group"}}, std::nullopt},
    {"APositiveGroup", Channel::telegram, "7", "100123", {{"chatType", "group"}}, std::nullopt},
};

class WorkspaceOfJob : public testing::TestWithParam<Asked> {};

TEST_P(WorkspaceOfJob, IsWhoseItIs) {
  auto job = testing_support::make_job("hello");
  job.channel = GetParam().channel;
  job.requester_id = GetParam().requester;
  job.chat_id = GetParam().chat;
  if (!GetParam().metadata.empty()) job.metadata = GetParam().metadata;

  const auto owner = workspace_owner(job);

  ASSERT_EQ(owner.has_value(), GetParam().owner.has_value());
  if (owner) EXPECT_EQ(*owner, *GetParam().owner);
}

INSTANTIATE_TEST_SUITE_P(Table, WorkspaceOfJob, testing::ValuesIn(table),
                         [](const auto& instance) { return std::string{instance.param.name}; });

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() {
    settings.home = folder.path() / "home";
    settings.workspace = folder.path() / "workspace";
    fs::create_directory(settings.home);
  }

  Conversation open(const domain::Job& job) { return open_conversation(job, settings).value(); }

  testing_support::TempFolder folder;
  config::WorkerSettings settings;
};

TEST_F(ConversationTest, APersonsFolderIsMadeAndIsPrivate) {
  auto job = testing_support::make_job("hello");
  job.channel = Channel::telegram;
  job.requester_id = "7";

  const auto conversation = open(job);

  EXPECT_EQ(conversation.workspace, settings.home / "people" / "7");
  struct stat status{};
  ASSERT_EQ(::stat(conversation.workspace.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(ConversationTest, AnotherWorkspaceIsAnotherConversation) {
  auto job = testing_support::make_job("hello");
  job.channel = Channel::telegram;
  job.requester_id = "7";
  job.metadata = owner_in_private;
  const auto as_owner = open(job);
  job.metadata = {{"requesterRole", "person"}, {"chatType", "private"}};
  const auto as_person = open(job);

  EXPECT_EQ(as_owner.workspace, settings.workspace);
  EXPECT_EQ(as_owner.session_key, as_person.session_key);
  EXPECT_NE(as_owner.name, as_person.name);
  EXPECT_EQ(open(job).name, as_person.name);
}

}  // namespace
}  // namespace butler::worker::conversation_test
