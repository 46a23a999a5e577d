#include "model_proxy/token_usage.hpp"

#include <gmock/gmock.h>

#include <random>

namespace butler::model_proxy::token_usage_test {
namespace {

using Form = UsageReader::Form;

/// An answer in the shape that a provider documents, and what it costs.
struct Answer {
  const char* name;
  ModelApi api;
  Form form;
  const char* body;
  std::optional<TokenUsage> usage;
  bool final = true;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.name; }

const Answer answers[] = {
    {"ChatCompletionsStream", ModelApi::chat_completions, Form::events,
     "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n"
     "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,"
     "\"prompt_tokens_details\":{\"cached_tokens\":60,\"cache_write_tokens\":10}}}\n\n"
     "data: [DONE]\n\n",
     TokenUsage{.input = 30, .output = 7, .cache_read = 60, .cache_write = 10}},
    {"ChatCompletionsDocument", ModelApi::chat_completions, Form::document,
     R"({"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":5,"completion_tokens":6}})",
     TokenUsage{.input = 5, .output = 6}},
    {"ChatCompletionsOfDeepSeek", ModelApi::chat_completions, Form::events,
     "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,"
     "\"prompt_cache_hit_tokens\":4}}\n\n",
     TokenUsage{.input = 6, .output = 2, .cache_read = 4}},
    {"ChatCompletionsOfMoonshot", ModelApi::chat_completions, Form::events,
     "data: "
     "{\"choices\":[{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"cached_tokens\":3}}]}\n\n",
     TokenUsage{.input = 7, .output = 2, .cache_read = 3}},
    {"ChatCompletionsWithoutFigures", ModelApi::chat_completions, Form::events,
     "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n", std::nullopt, false},
    {"Mistral", ModelApi::mistral, Form::events,
     "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":1}}\n\n",
     TokenUsage{.input = 8, .output = 1}},
    {"ResponsesStream", ModelApi::responses, Form::events,
     "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"
     "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":"
     "{\"input_tokens\":50,\"output_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":20}}}}\n\n",
     TokenUsage{.input = 30, .output = 9, .cache_read = 20}},
    {"ResponsesDocument", ModelApi::responses, Form::document,
     R"({"usage":{"input_tokens":50,"output_tokens":9}})", TokenUsage{.input = 50, .output = 9}},
    {"MessagesStream", ModelApi::messages, Form::events,
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,"
     "\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n"
     "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hi\"}}\n\n"
     "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n",
     TokenUsage{.input = 25, .output = 15, .cache_read = 4, .cache_write = 3}},
    {"MessagesStreamCutOff", ModelApi::messages, Form::events,
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,"
     "\"output_tokens\":1}}}\n\n",
     TokenUsage{.input = 25, .output = 1}, false},
    {"MessagesDocument", ModelApi::messages, Form::document,
     R"({"type":"message","usage":{"input_tokens":2,"output_tokens":3}})",
     TokenUsage{.input = 2, .output = 3}},
    {"GenerateContentStream", ModelApi::generate_content, Form::events,
     "data: {\"candidates\":[{\"content\":{}}],\"usageMetadata\":{\"promptTokenCount\":10}}\r\n\r\n"
     "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":10,"
     "\"candidatesTokenCount\":5,\"thoughtsTokenCount\":2,\"cachedContentTokenCount\":4}}\r\n\r\n",
     TokenUsage{.input = 6, .output = 7, .cache_read = 4}},
    {"NoJson", ModelApi::chat_completions, Form::document, "<html>", std::nullopt, false},
    {"NonsenseFigures", ModelApi::chat_completions, Form::document,
     R"({"usage":{"prompt_tokens":-5,"completion_tokens":99999999999999}})",
     TokenUsage{.input = 0, .output = 1'000'000'000}},
    {"AnotherShape", ModelApi::messages, Form::events, "data: [1,2]\n\ndata: \"usage\"\n\n", std::nullopt,
     false},
};

class UsageOfAnswer : public testing::TestWithParam<Answer> {};

TEST_P(UsageOfAnswer, IsReadHoweverItIsCut) {
  const std::string_view body = GetParam().body;
  for (std::size_t step = 1; step <= body.size() + 1; step = step * 2 + 1) {
    UsageReader reader(GetParam().api, GetParam().form);
    for (std::size_t at = 0; at < body.size(); at += step) reader.take(body.substr(at, step));
    reader.end();
    EXPECT_EQ(reader.usage(), GetParam().usage) << "in pieces of " << step;
    EXPECT_EQ(reader.is_final(), GetParam().final) << "in pieces of " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, UsageOfAnswer, testing::ValuesIn(answers),
                         [](const auto& instance) { return std::string{instance.param.name}; });

TEST(UsageReader, TakesAnyDamageAndNeverCountsLessThanNothing) {
  std::mt19937 random(20261125);
  std::uniform_int_distribution<std::size_t> pick(0, std::size(answers) - 1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 3'000; ++round) {
    const Answer& answer = answers[pick(random)];
    std::string body = answer.body;
    for (int i = 0; i < 3 && !body.empty(); ++i) {
      body.at(static_cast<std::size_t>(random()) % body.size()) = static_cast<char>(byte(random));
    }
    UsageReader reader(answer.api, answer.form);
    reader.take(body);
    reader.end();
    const auto usage = estimate_usage(reader, body.size());
    for (const auto figure : {usage.input, usage.output, usage.cache_read, usage.cache_write}) {
      ASSERT_GE(figure, 0) << body;
      ASSERT_LE(figure, 2'000'000'000) << body;
    }
  }
}

TEST(UsageReader, WhatIsMissingIsEstimatedFromWhatPassedBy) {
  UsageReader cut(ModelApi::chat_completions, Form::events);
  for (int i = 0; i < 12; ++i) cut.take("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n");
  cut.end();
  EXPECT_EQ(estimate_usage(cut, 4'000), (TokenUsage{.input = 1'000, .output = 12}));

  UsageReader begun(ModelApi::messages, Form::events);
  begun.take(
      "data: "
      "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n");
  begun.take("data: {\"type\":\"content_block_delta\"}\n\n");
  EXPECT_EQ(estimate_usage(begun, 4'000), (TokenUsage{.input = 25, .output = 2}));
}

}  // namespace
}  // namespace butler::model_proxy::token_usage_test
