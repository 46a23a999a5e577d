#include "worker/pi_protocol.hpp"

#include <gmock/gmock.h>

namespace butler::worker::pi::pi_protocol_test {
namespace {

template <class T>
T read_as(std::string_view line) {
  const auto record = read_record(line);
  if (!record) {
    ADD_FAILURE() << record.error();
    return {};
  }
  if (!std::holds_alternative<T>(*record)) {
    ADD_FAILURE() << "another record, index " << record->index();
    return {};
  }
  return std::get<T>(*record);
}

TEST(PiRecordTest, AResponseNamesItsCommand) {
  const auto response = read_as<Response>(
      R"({"id":"p1","type":"response","command":"prompt","success":false,"error":"No API key found for mock"})");
  EXPECT_EQ(response.id, "p1");
  EXPECT_FALSE(response.success);
  EXPECT_EQ(response.error, "No API key found for mock");
}

TEST(PiRecordTest, AResponseWithoutAnIdIsRead) {
  const auto response =
      read_as<Response>(R"({"type":"response","command":"parse","success":false,"error":"no"})");
  EXPECT_EQ(response.id, "");
}

TEST(PiRecordTest, OnlyAHandledPromptHasNoRun) {
  const std::string_view started =
      R"({"id":"p","type":"response","success":true,"data":{"disposition":"started"}})";
  const std::string_view handled =
      R"({"id":"p","type":"response","success":true,"data":{"disposition":"handled"}})";
  EXPECT_FALSE(read_as<Response>(started).handled);
  EXPECT_TRUE(read_as<Response>(handled).handled);
}

TEST(PiRecordTest, BothVersionsOfSettledAreRead) {
  EXPECT_FALSE(read_as<AgentSettled>(R"({"type":"agent_settled"})").aborted);
  EXPECT_FALSE(read_as<AgentSettled>(R"({"type":"agent_settled","aborted":false})").aborted);
  EXPECT_TRUE(read_as<AgentSettled>(R"({"type":"agent_settled","aborted":true})").aborted);
}

TEST(PiRecordTest, ALoneSurrogateBecomesAReplacementCharacter) {
  const auto delta = read_as<TextDelta>(
      R"({"type":"message_update","assistantMessageEvent":{"type":"text_delta","delta":"a\ud83d"}})");
  EXPECT_EQ(delta.text, "a\xEF\xBF\xBD");
}

TEST(PiRecordTest, LineSeparatorsInsideStringsAreText) {
  const auto delta = read_as<TextDelta>(
      "{\"type\":\"message_update\",\"assistantMessageEvent\":{\"type\":\"text_delta\",\"delta\":"
      "\"a\xE2\x80\xA8z\"}}");
  EXPECT_EQ(delta.text, "a\xE2\x80\xA8z");
}

TEST(PiRecordTest, AnAssistantMessageHasItsTextReasonAndUsage) {
  const auto message = read_as<AssistantMessage>(
      R"({"type":"message_end","message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},)"
      R"({"type":"text","text":"One. "},{"type":"toolCall","id":"c"},{"type":"text","text":"Two."}],)"
      R"("stopReason":"stop","usage":{"input":5,"output":7,"cacheRead":1,"cacheWrite":2,"cost":{"total":0.5}}}})");
  EXPECT_EQ(message.text, "One. Two.");
  EXPECT_EQ(message.stop_reason, "stop");
  EXPECT_EQ(message.usage, (domain::Usage{.input_tokens = 5,
                                          .output_tokens = 7,
                                          .cache_read_tokens = 1,
                                          .cache_write_tokens = 2,
                                          .cost_usd = 0.5}));
}

TEST(PiRecordTest, MessagesOfOthersAreNoAnswers) {
  read_as<Other>(
      R"({"type":"message_end","message":{"role":"user","content":[{"type":"text","text":"hi"}]}})");
  read_as<Other>(R"({"type":"message_end","message":{"role":"toolResult","content":[]}})");
  read_as<Other>(R"({"type":"message_end"})");
}

TEST(PiRecordTest, UnknownRecordsArePassedOver) {
  read_as<Other>(R"({"type":"something_new","data":[1,2,3]})");
  read_as<Other>(
      R"({"type":"message_update","assistantMessageEvent":{"type":"toolcall_delta","delta":"{"}})");
}

TEST(PiRecordTest, GarbageIsAnErrorAndNoFault) {
  for (const std::string_view line :
       {"", "not json", "null", "[]", "42", "{}", R"({"type":7})", "{\"type\":\"resp"}) {
    EXPECT_FALSE(read_record(line)) << line;
  }
}

TEST(PiRecordTest, WrongTypesOfMembersCountAsAbsent) {
  const auto start = read_as<ToolStart>(R"({"type":"tool_execution_start","toolCallId":7,"toolName":null})");
  EXPECT_EQ(start.id, "");
  const auto end = read_as<ToolEnd>(R"({"type":"tool_execution_end","result":"text","isError":"yes"})");
  EXPECT_EQ(end.output, "");
  EXPECT_FALSE(end.is_error);
}

TEST(PiRecordTest, ARecordOfMoreThanAMegabyteIsRead) {
  const std::string output(1'250'000, 'x');
  const auto end = read_as<ToolEnd>(
      R"({"type":"tool_execution_end","toolCallId":"c","toolName":"bash","result":{"content":[{"type":"text","text":"t"}],)"
      R"("structuredContent":{"output":")" +
      output + R"("}},"isError":true})");
  EXPECT_EQ(end.output, "t");
  EXPECT_TRUE(end.is_error);
}

TEST(PiGateTest, TheGatesQuestionNamesTheCall) {
  const auto dialog = read_as<Dialog>(
      R"({"type":"extension_ui_request","id":"d1","method":"input","title":"butler.tool_call",)"
      R"("placeholder":"{\"toolCallId\":\"c1\",\"toolName\":\"bash\",\"input\":{\"command\":\"ls\"}}"})");
  const auto question = read_gate_question(dialog);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->id, "c1");
  EXPECT_EQ(question->tool_name, "bash");
  EXPECT_EQ(json::serialize(question->input), R"({"command":"ls"})");
}

TEST(PiGateTest, OtherDialogsAreNotTheGates) {
  const std::string call = R"({"toolCallId":"c1","toolName":"bash"})";
  const auto asks = [](const char* method, const char* title, std::string message) {
    return read_gate_question({.id = "d", .method = method, .title = title, .message = std::move(message)});
  };
  EXPECT_TRUE(asks("input", "butler.tool_call", call));
  EXPECT_FALSE(asks("input", "Sure?", call));
  EXPECT_FALSE(asks("confirm", "butler.tool_call", call));
  EXPECT_FALSE(asks("input", "butler.tool_call", "{}"));
  EXPECT_FALSE(asks("input", "butler.tool_call", "no"));
}

TEST(PiGateTest, OnlyTheGateOfThisVersionAnnouncesItself) {
  const auto status = [](const std::string& key, const std::string& text) {
    return read_record(R"({"type":"extension_ui_request","id":"d","method":"setStatus","statusKey":")" + key +
                       R"(","statusText":")" + text + R"("})");
  };
  EXPECT_TRUE(std::holds_alternative<GateAnnounced>(*status("butler.tool_gate", "1")));
  EXPECT_FALSE(std::holds_alternative<GateAnnounced>(*status("butler.tool_gate", "2")));
  EXPECT_FALSE(std::holds_alternative<GateAnnounced>(*status("other", "1")));
}

TEST(PiGateTest, AnAnswerNamesItsCall) {
  EXPECT_EQ(allow_call("d", "c1"),
            "{\"type\":\"extension_ui_response\",\"id\":\"d\",\"value\":"
            "\"{\\\"toolCallId\\\":\\\"c1\\\",\\\"allow\\\":true}\"}\n");
  const auto line = json::parse(block_call("d", "c1", "say \"please\""));
  ASSERT_TRUE(line);
  const auto answer = json::parse(json::find_string(*line, "value"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(json::find_string(*answer, "toolCallId"), "c1");
  EXPECT_FALSE(json::find_true(*answer, "allow"));
  EXPECT_EQ(json::find_string(*answer, "reason"), "say \"please\"");
}

TEST(PiCommandTest, EachIsOneLineOfJson) {
  EXPECT_EQ(prompt("p1", "look", std::vector<Picture>{{.data = "AAAA", .media_type = "image/png"}}),
            R"({"id":"p1","type":"prompt","message":"look",)"
            R"("images":[{"type":"image","data":"AAAA","mimeType":"image/png"}]})"
            "\n");
  EXPECT_EQ(prompt("p1", "two\nlines \"quoted\""),
            "{\"id\":\"p1\",\"type\":\"prompt\",\"message\":\"two\\nlines \\\"quoted\\\"\"}\n");
  EXPECT_EQ(get_state("s"), "{\"id\":\"s\",\"type\":\"get_state\"}\n");
  EXPECT_EQ(steer("s", "x"), "{\"id\":\"s\",\"type\":\"steer\",\"message\":\"x\"}\n");
  EXPECT_EQ(follow_up("s", "x"), "{\"id\":\"s\",\"type\":\"follow_up\",\"message\":\"x\"}\n");
  EXPECT_EQ(abort("a"), "{\"id\":\"a\",\"type\":\"abort\"}\n");
  EXPECT_EQ(clear_queue("c"), "{\"id\":\"c\",\"type\":\"clear_queue\"}\n");
  EXPECT_EQ(cancel_dialog("d"), "{\"type\":\"extension_ui_response\",\"id\":\"d\",\"cancelled\":true}\n");
}

}  // namespace
}  // namespace butler::worker::pi::pi_protocol_test
