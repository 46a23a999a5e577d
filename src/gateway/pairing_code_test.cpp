#include "gateway/pairing_code.hpp"

#include <gtest/gtest.h>

#include <set>

namespace butler::gateway::pairing_code_test {

namespace {

TEST(PairingCodeTest, HoldsAllFortyBits) {
  EXPECT_EQ(pairing_code({0, 0, 0, 0, 0}), "0000-0000");
  EXPECT_EQ(pairing_code({255, 255, 255, 255, 255}), "ZZZZ-ZZZZ");
  std::set<std::string> codes;
  for (std::size_t bit = 0; bit < 40; ++bit) {
    std::array<std::uint8_t, 5> random{};
    random.at(bit / 8) = static_cast<std::uint8_t>(1U << bit % 8);
    codes.insert(pairing_code(random));
  }
  EXPECT_EQ(codes.size(), 40U) << "each bit of the random bytes changes the code";
}

TEST(PairingCodeTest, IsReadAsPeopleTypeIt) {
  for (const char* typed : {"K7QM-01WP", "k7qm-01wp", "K7QM01WP", "k7qmOlwp", "K7QM-oIWP", "K7-QM01-WP"}) {
    EXPECT_EQ(read_pairing_code(typed), "K7QM-01WP") << typed;
  }
}

TEST(PairingCodeTest, WhatCannotBeACodeIsNone) {
  for (const char* typed : {"", "K7QM", "K7QM-2XWPA", "K7QM-2XW", "K7QM-2XWU", "K7QM 2XWP",
                            "K7QM-2XW\xC3\xA4", "--------", "?7QM-2XWP"}) {
    EXPECT_EQ(read_pairing_code(typed), std::nullopt) << typed;
  }
}

TEST(PairingCodeTest, EveryCodeIsReadBack) {
  for (std::uint8_t i = 0; i < 255; ++i) {
    const std::string code = pairing_code({i, static_cast<std::uint8_t>(i * 7), 3, i, 9});
    EXPECT_EQ(read_pairing_code(code), code);
  }
}

}  // namespace

}  // namespace butler::gateway::pairing_code_test
