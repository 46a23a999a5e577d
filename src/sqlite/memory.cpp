#include "sqlite/memory.hpp"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace butler::sqlite {

namespace {

/// In front of every block, which so is aligned to 8 bytes: what SQLite asks for.
struct Header {
  std::size_t size;  ///< of what is behind it
};

struct Free {
  Free* next;
};

constexpr std::size_t block_step = 64;
constexpr std::size_t block_kinds =
    17;  ///< of blocks, each a block_step larger: the largest holds a piece of a savepoint's page
constexpr std::size_t most_of_kind = 48;  ///< a thread keeps half a megabyte at most

std::size_t rounded(std::size_t bytes) {
  return (bytes + sizeof(Header) + block_step - 1) / block_step * block_step - sizeof(Header);
}
std::size_t kind_of_block(std::size_t rounded_size) {
  return (rounded_size + sizeof(Header)) / block_step - 1;
}

Header* header_of(void* block) { return static_cast<Header*>(block) - 1; }

/// Needs no destructor, so that it can be asked to the thread's very end.
thread_local bool ended = false;

class Kept {
 public:
  Kept() = default;
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    for (auto& list : lists_) {
      while (list.first != nullptr) std::free(header_of(pop(list)));
    }
    ended = true;  // what else this thread gives back as it ends is not kept
  }

  /// A block of that kind, or nullptr.
  void* take(std::size_t kind) { return lists_.at(kind).first == nullptr ? nullptr : pop(lists_.at(kind)); }

  /// False when there are enough of them.
  bool keep(std::size_t kind, void* block) {
    auto& list = lists_.at(kind);
    if (list.count == most_of_kind) return false;
    list.first = new (block) Free{list.first};
    ++list.count;
    return true;
  }

 private:
  struct List {
    Free* first = nullptr;
    std::size_t count = 0;
  };

  static void* pop(List& list) {
    void* const block = list.first;
    list.first = list.first->next;
    --list.count;
    return block;
  }

  std::array<List, block_kinds> lists_{};
};

Kept& kept() {
  thread_local Kept of_this_thread;
  return of_this_thread;
}

void* allocate(int bytes) {
  const std::size_t size = rounded(static_cast<std::size_t>(bytes));
  const std::size_t kind = kind_of_block(size);
  if (kind < block_kinds && !ended) {
    if (void* const block = kept().take(kind)) return block;
  }
  auto* const header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (header == nullptr) return nullptr;
  header->size = size;
  return header + 1;
}

int size_of(void* block) { return block == nullptr ? 0 : static_cast<int>(header_of(block)->size); }

void give_back(void* block) {
  if (block == nullptr) return;
  Header* const header = header_of(block);
  const std::size_t kind = kind_of_block(header->size);
  if (kind < block_kinds && !ended && kept().keep(kind, block)) return;
  std::free(header);
}

void* reallocate(void* block, int bytes) {
  const auto size = static_cast<std::size_t>(size_of(block));
  if (size >= static_cast<std::size_t>(bytes)) return block;
  void* const larger = allocate(bytes);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, size);
  give_back(block);
  return larger;
}

int round_up(int bytes) { return static_cast<int>(rounded(static_cast<std::size_t>(bytes))); }
int start(void* /*unused*/) { return SQLITE_OK; }
void stop(void* /*unused*/) {}

}  // namespace

const sqlite3_mem_methods& kept_memory() {
  static const sqlite3_mem_methods methods{.xMalloc = allocate,
                                           .xFree = give_back,
                                           .xRealloc = reallocate,
                                           .xSize = size_of,
                                           .xRoundup = round_up,
                                           .xInit = start,
                                           .xShutdown = stop,
                                           .pAppData = nullptr};
  return methods;
}

}  // namespace butler::sqlite
