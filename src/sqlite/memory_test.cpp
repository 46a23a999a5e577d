#include "sqlite/memory.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace butler::sqlite::memory_test {
namespace {

const sqlite3_mem_methods& memory = kept_memory();

TEST(KeptMemory, EveryBlockIsAlignedAndLargeEnough) {
  std::vector<void*> blocks;
  for (int bytes = 1; bytes < 3'000; bytes += 7) {
    void* const block = memory.xMalloc(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 8, 0U);
    EXPECT_GE(memory.xSize(block), bytes);
    EXPECT_EQ(memory.xSize(block), memory.xRoundup(bytes));
    std::memset(block, 0x5A, static_cast<std::size_t>(memory.xSize(block)));
    blocks.push_back(block);
  }
  for (void* const block : blocks) memory.xFree(block);
}

TEST(KeptMemory, ABlockThatWasGivenBackIsTheNextOfItsSize) {
  void* const first = memory.xMalloc(100);
  memory.xFree(first);
  void* const other = memory.xMalloc(1'000);
  void* const again = memory.xMalloc(90);
  EXPECT_EQ(again, first);
  EXPECT_NE(other, first);
  memory.xFree(again);
  memory.xFree(other);
}

TEST(KeptMemory, ABlockThatGrowsKeepsWhatItHolds) {
  auto* block = static_cast<char*>(memory.xMalloc(10));
  std::memcpy(block, "something", 10);
  for (const int bytes : {20, 500, 5'000, 200'000}) {
    block = static_cast<char*>(memory.xRealloc(block, bytes));
    EXPECT_STREQ(block, "something");
    EXPECT_GE(memory.xSize(block), bytes);
  }
  memory.xFree(block);
}

TEST(KeptMemory, TakesBackMoreThanItKeepsAndFromAnotherThread) {
  std::vector<void*> blocks;
  for (int i = 0; i < 500; ++i) blocks.push_back(memory.xMalloc(200));
  std::thread([&] {
    for (void* const block : blocks) memory.xFree(block);
    void* const again = memory.xMalloc(200);
    EXPECT_NE(again, nullptr);
    memory.xFree(again);
  }).join();
}

}  // namespace
}  // namespace butler::sqlite::memory_test
