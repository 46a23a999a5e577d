#include "digest/sha256.hpp"

#include <gtest/gtest.h>

namespace butler::digest::sha256_test {
namespace {

TEST(Sha256, GivesTheDigestsOfTheStandardsExamples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfPartsIsThatOfTheWhole) {
  Sha256 hash;
  hash.add("a");
  hash.add("");
  hash.add("bc");
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
}

TEST(Sha256, BeginsAnewWhenOneIsFinished) {
  Sha256 hash;
  EXPECT_EQ(hash.finish(), sha256_hex(""));
  hash.add("abc");
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
  hash.add("abc");
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
}

}  // namespace
}  // namespace butler::digest::sha256_test
