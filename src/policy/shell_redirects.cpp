#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

#include "policy/shell_parser.hpp"
#include "policy/shell_reader.hpp"

/// Redirections and here-documents.
namespace butler::policy::shell {

namespace {

// The longer ones first: each is found before what it begins with.
constexpr std::array<std::string_view, 12> redirections{"&>>", "<<<", "<<-", "&>", "<<", "<&",
                                                        "<>",  ">>",  ">|",  ">&", "<",  ">"};

}  // namespace

bool Reader::read_redirect(Command& command) {
  auto at = at_;
  while (at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0) ++at;
  const auto rest = text_.substr(at);
  if ((rest.starts_with("<(") || rest.starts_with(">(")) && at == at_) return false;
  const auto* const found = std::ranges::find_if(
      redirections, [&](std::string_view candidate) { return rest.starts_with(candidate); });
  if (found == redirections.end()) return false;
  at_ = at + found->size();
  skip_blanks();
  Redirect redirect{.operation = std::string{*found}};
  if (!at_word()) {
    fail("a redirection leads nowhere");
    return true;
  }
  redirect.target = read_word();
  if (*found == "<<" || *found == "<<-") {
    const auto& parts = redirect.target.parts;
    const bool quoted = std::ranges::any_of(parts, [](const Part& part) { return part.quoted; });
    if (std::ranges::any_of(parts, [](const Part& part) { return part.kind != PartKind::text; })) {
      fail("the end of a here-document is not a plain word");
    }
    redirect.document = std::make_shared<Word>();
    pending_.push_back({literal(redirect.target), *found == "<<-", quoted, redirect.document});
  }
  command.redirects.push_back(std::move(redirect));
  return true;
}

void Reader::read_redirects(Command& command) {
  for (skip_blanks(); !at_end() && read_redirect(command); skip_blanks()) {
  }
}

void Reader::read_here_documents() {
  while (!pending_.empty()) {
    const auto pending = std::move(pending_.front());
    pending_.erase(pending_.begin());
    *pending.document = read_here_document(pending);
  }
}

Word Reader::read_here_document(const Pending& pending) {
  std::string lines;
  for (;;) {
    if (at_end()) {
      fail("a here-document does not end");
      return {};
    }
    const auto end = std::min(text_.find('\n', at_), text_.size());
    auto line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    if (pending.indented) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (line == pending.delimiter) break;
    lines.append(line).push_back('\n');
  }
  if (pending.quoted) return {{{.quoted = true, .text = std::move(lines)}}};
  std::string problem;
  auto word = parse_quoted(lines, depth_, problem);
  if (!problem.empty()) fail(problem);
  return word;
}

}  // namespace butler::policy::shell
