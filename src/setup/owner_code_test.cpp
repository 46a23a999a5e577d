#include "setup/owner_code.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace butler::setup::owner_code_test {
namespace {

using namespace std::chrono_literals;
using telegram::ChatType;

constexpr OwnerCode::Random random_bits{0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE};
const domain::Timestamp now{1'000'000ms};

telegram::Update said(std::string text) {
  telegram::Message message{.message_id = 1,
                            .chat_id = 1001,
                            .chat_type = ChatType::private_chat,
                            .from = telegram::Person{.id = 1001, .first_name = "Ada"},
                            .text = std::move(text)};
  return {.update_id = 5, .kind = "message", .message = std::move(message)};
}

class OwnerCodeTest : public testing::Test {
 protected:
  std::optional<Owner> present(const telegram::Update& update, domain::Timestamp when = now) {
    return code_.present(update, "tests_bot", when);
  }

  OwnerCode code_{random_bits, now + 10min};
};

TEST_F(OwnerCodeTest, WhoeverSendsItIsTheOwnerOnce) {
  const auto owner = present(said("/start " + code_.text()));
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->id, 1001);
  EXPECT_EQ(owner->name, "Ada");
  EXPECT_FALSE(present(said("/start " + code_.text())));
}

TEST_F(OwnerCodeTest, IsReadAsPeopleTypeIt) {
  std::string typed;
  for (const char c : code_.text()) typed += c == '0' ? 'O' : static_cast<char>(std::toupper(c));
  typed.insert(5, "-");
  EXPECT_TRUE(present(said("/start@tests_bot " + typed)));
}

TEST_F(OwnerCodeTest, IsTenDigitsAndLettersOfItsRandomBits) {
  EXPECT_EQ(code_.text().size(), 10U);
  EXPECT_EQ(code_.text().find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos);
  OwnerCode::Random other = random_bits;
  other[6] ^= 1U;
  EXPECT_NE((OwnerCode{other, now}.text()), code_.text());
}

TEST_F(OwnerCodeTest, NothingElseMakesAnOwner) {
  const std::string& code = code_.text();
  for (const auto& text :
       std::vector<std::string>{"/start", "/start " + code.substr(1), "/start " + code + "x",
                                "/start 0000000000", "/help " + code, "hello", "/start@other_bot " + code})
    EXPECT_FALSE(present(said(text))) << text;
  EXPECT_FALSE(present({.update_id = 5, .kind = "edited_message"}));
}

TEST_F(OwnerCodeTest, ItHasToBeAPersonSpeakingForThemselvesInAPrivateChat) {
  const std::vector<std::function<void(telegram::Message&)>> changes{
      [](auto& m) { m.chat_type = ChatType::group; },
      [](auto& m) { m.chat_id = -100; },
      [](auto& m) { m.from.reset(); },
      [](auto& m) { m.from->is_bot = true; },
      [](auto& m) { m.sender_chat = true; },
      [](auto& m) { m.via_bot = true; },
      [](auto& m) { m.foreign_chat = true; },
      [](auto& m) { m.automatic_forward = true; },
      [](auto& m) { m.forwarded = true; },
  };
  for (const auto& change : changes) {
    auto update = said("/start " + code_.text());
    change(*update.message);
    EXPECT_FALSE(present(update));
  }
  EXPECT_TRUE(present(said("/start " + code_.text())));
}

TEST_F(OwnerCodeTest, ItsTimeEnds) {
  EXPECT_FALSE(present(said("/start " + code_.text()), now + 10min));
  EXPECT_TRUE(present(said("/start " + code_.text()), now + 10min - 1ms));
}

}  // namespace
}  // namespace butler::setup::owner_code_test
