#include "vm_sandbox/copies_channel.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "async/task_group.hpp"

namespace butler::vm_sandbox::copies_channel_test {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using Transfer = sandbox::Copies::Transfer;

TEST(CopiesChannel, LinesArriveAsTheyWereSent) {
  const CopiesRequest request{.number = 3, .direction = Direction::out};
  EXPECT_EQ(decode_copies_request(encode(request)), request);
  const CopiesAnswer answer{.number = 3, .sentences = {"a \"b\"\n"}, .error = "no"};
  EXPECT_EQ(decode_copies_answer(encode(answer)), answer);
  EXPECT_EQ(encode(answer).find('\n'), encode(answer).size() - 1);
  EXPECT_FALSE(decode_copies_request("{}"));
  EXPECT_FALSE(decode_copies_answer("no"));
}

/// Both ends of the channel in one event loop.
class CopiesChannelTest : public testing::Test {
 protected:
  CopiesChannelTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    copies_ = ask_for_copies(context_.get_executor(), sandbox::Descriptor{ends[0]});
    keeper_ = ends[1];
  }
  ~CopiesChannelTest() override {
    if (keeper_ >= 0) ::close(keeper_);
  }

  /// What a request comes to when the keeper's answer to it is this.
  Transfer ask_and_get(const Transfer& answer) {
    LineSocket socket(context_.get_executor(), sandbox::Descriptor{std::exchange(keeper_, -1)});
    async::TaskGroup tasks(context_.get_executor());
    tasks.spawn("serve",
                serve_copies(socket, [&](Direction) -> asio::awaitable<Transfer> { co_return answer; }));
    return ask([&]() -> asio::awaitable<void> {
      tasks.cancel();
      co_await tasks.join();
    });
  }

  Transfer ask(const std::function<asio::awaitable<void>()>& afterwards) {
    Transfer result = std::unexpected("nothing was answered");
    asio::co_spawn(
        context_,
        [&]() -> asio::awaitable<void> {
          result = co_await copies_->bring_out();
          co_await afterwards();
        },
        [](const std::exception_ptr& fault) {
          if (fault) std::rethrow_exception(fault);
        });
    context_.run_for(std::chrono::seconds{10});
    return result;
  }

  asio::io_context context_{1};
  std::unique_ptr<sandbox::Copies> copies_;
  int keeper_ = -1;
};

TEST_F(CopiesChannelTest, ANameThatIsNoTextArrivesAsOne) {
  const auto result = ask_and_get(std::vector<std::string>{".git/hooks/\xFF is protected"});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(*result, std::vector<std::string>{".git/hooks/\xEF\xBF\xBD is protected"});
}

TEST_F(CopiesChannelTest, SentencesWithoutNumberFitIntoALine) {
  const auto result = ask_and_get(std::vector<std::string>(1'000, std::string(4'096, '\x01')));
  ASSERT_TRUE(result) << result.error();
  ASSERT_EQ(result->size(), 21U);
  EXPECT_EQ(result->back(), "and 980 more");
}

TEST_F(CopiesChannelTest, AnErrorIsAnErrorWhateverItHolds) {
  const auto result = ask_and_get(std::unexpected(std::string(100'000, '\xFF')));
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().size(), 2'000U);
}

TEST_F(CopiesChannelTest, AnAnswerThatCannotBeReadIsAnErrorAndNoWait) {
  ASSERT_GT(::write(keeper_, "{\n", 2), 0);
  const auto result = ask([]() -> asio::awaitable<void> { co_return; });
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace butler::vm_sandbox::copies_channel_test
