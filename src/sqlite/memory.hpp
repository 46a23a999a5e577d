#pragma once

struct sqlite3_mem_methods;

namespace butler::sqlite {

/// Where SQLite takes its memory from: malloc, but small blocks that it gives back are kept for the next
/// time, per thread and up to a bound. One request makes over a hundred such blocks and gives them back at
/// once, more than malloc's own fast lists hold: a tenth of what a request cost. For SQLITE_CONFIG_MALLOC.
const sqlite3_mem_methods& kept_memory();

}  // namespace butler::sqlite
