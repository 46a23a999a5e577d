#include "gateway/turn_parts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>

namespace butler::gateway::turn_parts_test {

namespace {

using telegram::ChatType;
using telegram::Content;

const telegram::Bot bot{.id = 7, .username = "butler_bot"};

TEST(TurnPartsTest, APromptIsWhatTheMessagesSayInTheirOrder) {
  EXPECT_EQ(prompt_of(std::vector<TurnPart>{}), "");
  EXPECT_EQ(prompt_of({{.text = "a"}, {.joint = "\n\n", .text = "b"}, {.joint = "", .text = "c"}}),
            "a\n\nbc");
  EXPECT_EQ(prompt_of({{.text = ""}, {.joint = "\n\n", .text = "b"}, {.joint = "\n\n", .text = ""}}), "b")
      << "files without words leave no gaps";
}

struct Case {
  std::string name;
  TurnPart before;
  std::string edited;
  std::optional<std::string> text;  ///< nullopt: refused
  EditRefusal refusal = EditRefusal::now_empty;
  ChatType chat = ChatType::private_chat;
  Content content = Content::text;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

class EditedTextTest : public testing::TestWithParam<Case> {};

TEST_P(EditedTextTest, IsAsTheTableSays) {
  const Case& one = GetParam();
  telegram::Message message{.message_id = 5, .chat_id = 42, .chat_type = one.chat, .content = one.content};
  (one.content == Content::media ? message.caption : message.text) = one.edited;
  const auto text = edited_text(one.before, message, bot, 1'000);
  EXPECT_EQ(text.has_value() ? std::optional{*text} : std::nullopt, one.text);
  if (!text) EXPECT_EQ(text.error(), one.refusal);
}

const std::vector<Case> cases{
    {"APlainText", {.text = "a"}, "b", "b"},
    {"ATaskCommand", {.text = "a"}, "/task b", "b"},
    {"ACommandBecomesPlain", {.form = PartForm::fresh, .text = "a"}, "b", "b"},
    {"TheRequestBehindNew", {.form = PartForm::fresh, .text = "a"}, "/new b", "b"},
    {"APlainTextBecomesNew", {.text = "a"}, "/new b", std::nullopt, EditRefusal::now_command},
    {"APlainTextBecomesRun", {.text = "a"}, "/run rm -rf /", std::nullopt, EditRefusal::now_command},
    {"APlainTextBecomesStop", {.text = "a"}, "/stop", std::nullopt, EditRefusal::now_command},
    {"ARunStaysARun",
     {.form = PartForm::command, .text = "ls"},
     "/run rm -rf /",
     std::nullopt,
     EditRefusal::is_command},
    {"NothingIsLeft", {.text = "a"}, "/task", std::nullopt, EditRefusal::now_empty},
    {"ThePieceOfACutText", {.form = PartForm::rest, .text = "a"}, "/path/b c", "/path/b c"},
    {"TheMentionIsGone", {.text = "a"}, "b", "b", EditRefusal::now_empty, ChatType::supergroup},
    {"ACaption", {.text = "a"}, "b", "b", EditRefusal::now_empty, ChatType::private_chat, Content::media},
    {"ACaptionIsTakenAway",
     {.text = "a"},
     "",
     "",
     EditRefusal::now_empty,
     ChatType::private_chat,
     Content::media},
};

INSTANTIATE_TEST_SUITE_P(Table, EditedTextTest, testing::ValuesIn(cases),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace

}  // namespace butler::gateway::turn_parts_test
