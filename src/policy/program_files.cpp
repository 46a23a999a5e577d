#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// Programs that read and write the files that they are given, and do nothing else.
namespace butler::policy {

namespace {

enum class Use : std::uint8_t {
  nothing,     ///< no operand is a file
  read,        ///< every operand is read
  pattern,     ///< the first operand is a pattern, the others are read
  write,       ///< every operand is written
  copy,        ///< the last operand is written, the others are read
  move,        ///< every operand is changed, with all below it
  last_write,  ///< the second operand is written
  compress,    ///< every operand is replaced, unless -c asks for the result itself
};

/// `writes`: options whose value is a file that is written. `opaque`: options that run something, or that are
/// too seldom to be looked into. `trees`: options that take everything below a folder ("*": always).
struct FileProgram {
  std::string_view name;
  Use use = Use::nothing;
  std::string_view writes = "";
  std::string_view opaque = "";
  std::string_view trees = "";
  std::string_view values = "";  ///< options with a value that is no file
};

constexpr std::array file_programs_table{
    FileProgram{"echo"},
    FileProgram{"true"},
    FileProgram{"false"},
    FileProgram{":"},
    FileProgram{"pwd"},
    FileProgram{"basename"},
    FileProgram{"dirname"},
    FileProgram{"seq"},
    FileProgram{"sleep"},
    FileProgram{"expr"},
    FileProgram{"id"},
    FileProgram{"whoami"},
    FileProgram{"groups"},
    FileProgram{"uname"},
    FileProgram{"nproc"},
    FileProgram{"arch"},
    FileProgram{"uptime"},
    FileProgram{"free"},
    FileProgram{"ps"},
    FileProgram{"pgrep"},
    FileProgram{"yes"},
    FileProgram{"tty"},
    FileProgram{"which"},
    FileProgram{"getconf"},
    FileProgram{"locale"},
    FileProgram{"printenv"},
    FileProgram{"tput"},
    FileProgram{"clear"},
    FileProgram{"cal"},
    FileProgram{"factor"},
    FileProgram{"logname"},
    FileProgram{"who"},
    FileProgram{"lscpu"},
    FileProgram{"lsblk"},
    FileProgram{"tr"},
    FileProgram{"numfmt"},
    FileProgram{"date", Use::nothing, "", "s|f|r|--set|--file|--reference"},
    FileProgram{"hostname", Use::nothing, "", "F|b|--file"},
    FileProgram{"cat", Use::read},
    FileProgram{"head", Use::read, "", "", "", "n|c|--lines|--bytes"},
    FileProgram{"tail", Use::read, "", "", "", "n|c|s|--lines|--bytes|--pid"},
    FileProgram{"wc", Use::read, "", "--files0-from"},
    FileProgram{"ls", Use::read, "", "", "R|--recursive", "I|w|T|--ignore|--hide|--sort|--color"},
    FileProgram{"dir", Use::read, "", "", "R|--recursive"},
    FileProgram{"send-file", Use::read, "", "", "", "--caption|--as"},
    FileProgram{"file", Use::read, "C", "", "", "F|e|P|--separator"},
    FileProgram{"stat", Use::read, "", "", "", "c|--format|--printf"},
    FileProgram{"du", Use::read, "", "--files0-from", "*", "d|t|--max-depth|--exclude"},
    FileProgram{"df", Use::read, "", "", "", "t|x|--type|--output"},
    FileProgram{"md5sum", Use::read},
    FileProgram{"sha1sum", Use::read},
    FileProgram{"sha224sum", Use::read},
    FileProgram{"sha256sum", Use::read},
    FileProgram{"sha384sum", Use::read},
    FileProgram{"sha512sum", Use::read},
    FileProgram{"b2sum", Use::read},
    FileProgram{"cksum", Use::read, "", "", "", "a"},
    FileProgram{"sum", Use::read},
    FileProgram{"nl", Use::read, "", "", "", "b|s|w|v"},
    FileProgram{"od", Use::read, "", "", "", "A|t|N|j|w"},
    FileProgram{"hexdump", Use::read, "", "", "", "n|s|e"},
    FileProgram{"hd", Use::read, "", "", "", "n|s|e"},
    FileProgram{"strings", Use::read, "", "", "", "n|t|e"},
    FileProgram{"cmp", Use::read},
    FileProgram{"diff", Use::read, "", "", "r|--recursive", "U|C|x|I|--unified|--exclude|--label"},
    FileProgram{"comm", Use::read},
    FileProgram{"cut", Use::read, "", "", "", "d|f|c|b|--delimiter|--fields|--output-delimiter"},
    FileProgram{"paste", Use::read, "", "", "", "d"},
    FileProgram{"join", Use::read, "", "", "", "t|1|2|o|e|j|a|v"},
    FileProgram{"fold", Use::read, "", "", "", "w"},
    FileProgram{"fmt", Use::read, "", "", "", "w"},
    FileProgram{"rev", Use::read},
    FileProgram{"tac", Use::read, "", "", "", "s"},
    FileProgram{"column", Use::read, "", "", "", "s|o|N|c|t"},
    FileProgram{"tree", Use::read, "o", "", "*", "L|I|P|--filelimit"},
    FileProgram{"readlink", Use::read},
    FileProgram{"realpath", Use::read},
    FileProgram{"namei", Use::read},
    FileProgram{"getfacl", Use::read, "", "", "R|--recursive"},
    FileProgram{"lsattr", Use::read, "", "", "R"},
    FileProgram{"base64", Use::read, "", "", "", "w"},
    FileProgram{"base32", Use::read, "", "", "", "w"},
    FileProgram{"expand", Use::read, "", "", "", "t"},
    FileProgram{"unexpand", Use::read, "", "", "", "t"},
    FileProgram{"tsort", Use::read},
    FileProgram{"zcat", Use::read},
    FileProgram{"bzcat", Use::read},
    FileProgram{"xzcat", Use::read},
    FileProgram{"zstdcat", Use::read},
    FileProgram{"nm", Use::read, "", "--plugin"},
    FileProgram{"readelf", Use::read},
    FileProgram{"size", Use::read},
    FileProgram{"iconv", Use::read, "o|--output", "", "", "f|t|--from-code|--to-code"},
    FileProgram{"sort", Use::read, "o|T|--output|--temporary-directory", "--compress-program|--files0-from",
                "", "k|t|S|--key|--field-separator|--buffer-size|--parallel"},
    FileProgram{"shuf", Use::read, "o|--output", "", "", "n|i|e"},
    FileProgram{"pr", Use::read, "", "", "", "h|l|w"},
    FileProgram{"uniq", Use::last_write, "", "", "", "f|s|w"},
    FileProgram{"xxd", Use::last_write, "", "", "", "l|s|c|g|n"},
    FileProgram{"grep", Use::pattern, "", "", "r|R|--recursive|--dereference-recursive",
                "A|B|C|m|d|D|--include|--exclude|--exclude-dir|--context|--max-count|--color"},
    FileProgram{"egrep", Use::pattern, "", "", "r|R|--recursive",
                "A|B|C|m|d|D|--include|--exclude|--exclude-dir"},
    FileProgram{"fgrep", Use::pattern, "", "", "r|R|--recursive",
                "A|B|C|m|d|D|--include|--exclude|--exclude-dir"},
    FileProgram{"zgrep", Use::pattern, "", "", "", "A|B|C|m"},
    FileProgram{"rg", Use::pattern, "", "--pre|--hostname-bin", "*",
                "A|B|C|m|g|t|T|j|M|E|r|d|--glob|--iglob|--type|--type-not|--max-count|--max-depth|--context|-"
                "-sort|--color|--"
                "colors|--replace|--max-columns|--threads|--encoding"},
    FileProgram{"jq", Use::pattern, "", "", "", "--arg|--argjson|--indent"},
    FileProgram{"touch", Use::write, "", "", "", "d|t|--date"},
    FileProgram{"mkdir", Use::write, "", "", "", "m|--mode"},
    FileProgram{"rmdir", Use::write},
    FileProgram{"tee", Use::write},
    FileProgram{"mktemp", Use::write, "p|--tmpdir", "", "", "--suffix"},
    FileProgram{"truncate", Use::write, "", "", "", "s|--size"},
    FileProgram{"unlink", Use::write},
    FileProgram{"cp", Use::copy, "t|--target-directory", "s|l|--symbolic-link|--link",
                "r|R|a|--recursive|--archive", "S|Z|--suffix|--sparse"},
    FileProgram{"install", Use::move, "t|--target-directory", "--strip-program", "",
                "m|o|g|S|--mode|--owner|--group"},
    FileProgram{"mv", Use::move, "t|--target-directory", "", "*", "S|--suffix"},
    FileProgram{"gzip", Use::compress, "", "", "r|--recursive", "S"},
    FileProgram{"gunzip", Use::compress, "", "", "r|--recursive", "S"},
    FileProgram{"bzip2", Use::compress},
    FileProgram{"bunzip2", Use::compress},
    FileProgram{"xz", Use::compress, "", "", "", "T|M"},
    FileProgram{"unxz", Use::compress},
    FileProgram{"zstd", Use::compress, "o", "", "r", "T"},
    FileProgram{"split", Use::last_write, "", "--filter", "", "b|l|n|C|a"},
};

/// A value that is glued to an option and looks like a path is taken for one that is read.
void note_glued_path(Walk& walk, const Call& call, std::string_view text) {
  if (text.find('/') != std::string_view::npos) {
    walk.note_path(call, {.texts = {std::string{text}}}, Access::read, false);
  }
}

/// What the options themselves read, write or run. True when one asks for whole trees.
bool note_options(Walk& walk, const Call& call, const FileProgram& program, const Options& found) {
  bool trees = program.trees == "*";
  for (const auto& option : found.options) {
    trees = trees || lists_option(program.trees, option.name);
    if (lists_option(program.opaque, option.name)) {
      walk.note_hidden(
          call, "uses " + call.name + ' ' + option.name + ", which can run a program or change the system");
    } else if (lists_option(program.writes, option.name)) {
      if (option.has_value) walk.note_path(call, option.value, Access::write, false);
    } else if (option.has_value && !lists_option(program.values, option.name) &&
               !lists_option("e|--regexp", option.name)) {
      walk.note_path(call, option.value, Access::read, false);
    }
  }
  for (const auto& argument : call.arguments) {
    // "-f/etc/x": which letter takes a value is not known for all.
    const auto* const text = argument.plain();
    if (text != nullptr && text->size() > 2 && text->front() == '-' && (*text)[1] != '-') {
      if (!lists_option(program.values, text->substr(0, 2)))
        note_glued_path(walk, call, std::string_view{*text}.substr(2));
    }
  }
  return trees;
}

void note_operands(Walk& walk, const Call& call, const FileProgram& program, const Options& found,
                   bool trees) {
  const auto has = [&](std::string_view names) {
    return std::ranges::any_of(found.options,
                               [&](const Option& option) { return lists_option(names, option.name); });
  };
  const auto& operands = found.operands;
  std::size_t first = 0;
  if (program.use == Use::pattern && !has("e|f|--regexp|--file|--from-file|--files")) {
    first = 1;
    if (!operands.empty() &&
        (operands.front().several || (operands.front().dynamic && operands.front().may_be_option()))) {
      walk.note_unknown(call, "has an argument in the place of its pattern that may also name files");
    }
  }
  const bool all_written = has("t|--target-directory");
  const bool to_output = has("c|--stdout|--to-stdout|l|t|--list|--test");
  for (std::size_t i = first; i < operands.size(); ++i) {
    const auto* const text = operands[i].plain();
    if (text != nullptr && *text == "-") continue;
    bool writes = false;
    switch (program.use) {
      case Use::nothing: return;
      case Use::read:
      case Use::pattern: break;
      case Use::write:
      case Use::move: writes = true; break;
      case Use::copy: writes = i + 1 == operands.size() || operands[i].several; break;
      case Use::last_write: writes = i > 0 || operands[i].several || operands[i].wildcard; break;
      case Use::compress: writes = !to_output; break;
    }
    if (program.use == Use::copy && all_written) writes = false;  // all go to the folder that -t names
    walk.note_path(call, operands[i], writes ? Access::write : Access::read, trees);
  }
  if (program.name == "split") walk.note_current_folder(call, Access::write, false);
  const bool searches = trees || lists("ls|dir|tree|du|rg", program.name);
  if (searches && operands.size() <= first) walk.note_current_folder(call, Access::read, trees);
}

void run_file_program(Walk& walk, const Call& call) {
  const auto* const program = std::ranges::find_if(
      file_programs_table, [&](const FileProgram& one) { return one.name == call.name; });
  if (program == file_programs_table.end()) return;
  walk.note(call, CommandClass::read, "runs " + call.name);
  std::string values{program->values};
  values.append("|").append(program->writes).append("|").append(program->opaque);
  if (program->use == Use::pattern) values += "|e|f|--regexp|--file|--from-file";
  const auto found = read_options(call.arguments, values);
  const bool dangerous = !program->writes.empty() || !program->opaque.empty();
  if (found.uncertain && dangerous) walk.note_unknown(call, "has an argument that may also be an option");
  const bool trees = note_options(walk, call, *program, found);
  note_operands(walk, call, *program, found, trees);
}

constexpr auto make_files_programs() {
  std::array<Program, file_programs_table.size()> programs{};
  for (std::size_t i = 0; i < file_programs_table.size(); ++i)
    programs[i] = {file_programs_table[i].name, run_file_program};
  return programs;
}

}  // namespace

std::span<const Program> file_programs() {
  static constexpr auto programs = make_files_programs();
  return programs;
}

}  // namespace butler::policy
