# Run by butler_embed: writes one .cpp with the files' bytes as raw strings.
set(text "// Generated from text files; do not edit.\n#include <array>\n#include \"domain/embedded_file.hpp\"\n")
# The standard asks for literals of 64 KiB; ours take any, and a file may be longer.
string(APPEND text "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n")
string(APPEND text "namespace ${NAMESPACE} {\nstd::span<const butler::domain::EmbeddedFile> ${FUNCTION}() {\n")
list(LENGTH FILES count)
string(APPEND text "  static constexpr std::array<butler::domain::EmbeddedFile, ${count}> files{{\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "    {\"${name}\", R\"embedded(${content})embedded\"},\n")
endforeach()
string(APPEND text "  }};\n  return files;\n}\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUTPUT} "${text}")
