#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// Programs that talk to other hosts.
namespace butler::policy {

namespace {

bool looks_local(const Argument& argument) {
  const auto* const text = argument.plain();
  return text != nullptr && text->find(':') == std::string::npos;
}

/// Values that curl takes from a file: "@file", "<file", "name=@file".
void note_sent_file(Walk& walk, const Call& call, const Argument& value) {
  for (const auto& text : value.texts) {
    const auto at = text.find_first_of("@<");
    if (at == std::string::npos) continue;
    const auto end = text.find(';', at);
    walk.note_path(call,
                   {.texts = {text.substr(at + 1, end == std::string::npos ? end : end - at - 1)},
                    .dynamic = value.dynamic},
                   Access::read, false);
  }
}

constexpr std::string_view curl_writes =
    "o|D|c|--output|--dump-header|--cookie-jar|--trace|--trace-ascii|--stderr|--output-dir|--libcurl|--hsts|-"
    "-alt-svc|--etag-save";
constexpr std::string_view curl_sends =
    "d|F|T|b|--data|--data-binary|--data-raw|--data-urlencode|--data-ascii|--form|--upload-file|--cookie|--"
    "json|--url-query";
constexpr std::string_view curl_values =
    "H|X|A|e|u|m|w|x|r|y|Y|z|C|E|U|t|--header|--request|--user-agent|--referer|--user|--max-time|--write-out|"
    "--proxy|--range|--"
    "retry|--connect-timeout|--url|--key|--cert|--cacert|--resolve|--connect-to|--limit-rate|--max-filesize|-"
    "-retry-delay";

void fetch_with_curl(Walk& walk, const Call& call) {
  if (asks_about_itself(call)) return walk.note(call, CommandClass::read, "asks for a version");
  std::string values{curl_writes};
  values.append("|")
      .append(curl_sends)
      .append("|")
      .append(curl_values)
      .append("|K|--config|--netrc-file|--unix-socket|--engine");
  const auto found = read_options(call.arguments, values);
  auto addresses = found.operands;
  for (const auto& option : found.options) {
    if (lists_option("K|--config|--netrc-file|--unix-socket|--engine|--netrc|n", option.name)) {
      walk.note_hidden(call, "uses curl " + option.name + ", which was not looked into");
    } else if (lists("-O|--remote-name|-J|--remote-name-all|--create-dirs", option.name)) {
      walk.note_current_folder(call, Access::write, false);
    } else if (lists_option("x|--proxy|--connect-to|--resolve", option.name)) {
      walk.note_host(call, "");
    } else if (lists("--url", option.name)) {
      addresses.push_back(option.value);
    } else if (option.has_value && lists_option(curl_writes, option.name)) {
      walk.note_path(call, option.value, Access::write, false);
    } else if (option.has_value && lists_option("T|--upload-file|E|--cert|--key", option.name)) {
      walk.note_path(call, option.value, Access::read, false);
    } else if (option.has_value && lists_option(curl_sends, option.name)) {
      note_sent_file(walk, call, option.value);
    }
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  if (addresses.empty()) walk.note_host(call, "");
  for (const auto& address : addresses) {
    if (std::ranges::any_of(address.texts, [](auto& text) { return text.starts_with("file:"); })) {
      walk.note_unknown(call, "reads a file by its address");
    }
    walk.note_host(call, host_of(address));
  }
}

void fetch_with_wget(Walk& walk, const Call& call) {
  if (asks_about_itself(call)) return walk.note(call, CommandClass::read, "asks for a version");
  const auto found = read_options(
      call.arguments,
      "O|o|a|P|i|U|e|t|T|w|Q|--output-document|--output-file|--directory-prefix|--input-file|--user-agent|--"
      "header|--execute|--tries|--timeout|--post-file|--body-file|--use-askpass|--config|--post-data");
  bool named = false;
  for (const auto& option : found.options) {
    if (lists_option("O|o|a|P|--output-document|--output-file|--directory-prefix|--append-output",
                     option.name)) {
      named = true;
      const auto* const text = option.value.plain();
      if (text == nullptr || *text != "-") walk.note_path(call, option.value, Access::write, false);
    } else if (lists_option("e|i|--execute|--use-askpass|--config|--input-file", option.name)) {
      walk.note_hidden(call, "uses wget " + option.name + ", which was not looked into");
    } else if (lists_option("--post-file|--body-file", option.name)) {
      walk.note_path(call, option.value, Access::read, false);
    }
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  if (!named) walk.note_current_folder(call, Access::write, false);
  if (found.operands.empty()) walk.note_host(call, "");
  for (const auto& address : found.operands) walk.note_host(call, host_of(address));
}

/// ssh runs its last words on the other host, and its options run programs on this one.
void open_shell(Walk& walk, const Call& call) {
  walk.note_wrapper();
  const auto found = read_leading_options(call.arguments, "p|l|i|o|F|L|R|D|J|W|b|c|m|S|E|e|B|w|Q|I");
  for (const auto& option : found.options) {
    if (lists("-o|-F|-L|-R|-D|-J|-W|-S|-E|-w", option.name))
      walk.note_hidden(call, "uses " + call.name + ' ' + option.name + ", which can run a program");
    if (option.name == "-i" && option.has_value) walk.note_path(call, option.value, Access::read, false);
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  walk.note_host(call, found.operands.empty() ? std::string{} : host_of(found.operands.front()));
  if (found.operands.size() > 1) walk.note_unknown(call, "runs a command on another host");
}

/// scp, sftp, rsync: an operand with a colon lies on another host.
void copy_between_hosts(Walk& walk, const Call& call) {
  const auto found =
      read_options(call.arguments,
                   "e|i|o|P|F|S|J|l|c|D|T|B|f|--rsh|--rsync-path|--exclude|--include|--exclude-from|--"
                   "include-from|--files-from|--log-file|--backup-dir|--temp-dir|--password-file|--filter|--"
                   "compare-dest|--link-dest|--out-format|--chmod|--max-size|--bwlimit|--timeout|--port");
  for (const auto& option : found.options) {
    if (lists_option("e|o|F|S|J|D|M|--rsh|--rsync-path|--daemon|--config", option.name)) {
      walk.note_wrapper();
      walk.note_hidden(call, "uses " + call.name + ' ' + option.name + ", which can run a program");
    } else if (option.name.starts_with("--del") ||
               lists_option("--remove-source-files|--force|--delete-after", option.name)) {
      walk.note(call, CommandClass::destructive, "deletes what is not in the source");
    } else if (lists_option("--log-file|--backup-dir|--temp-dir|--write-batch", option.name)) {
      walk.note_path(call, option.value, Access::write, true);
    } else if (lists_option("i|--exclude-from|--include-from|--files-from|--password-file", option.name) &&
               option.has_value) {
      walk.note_path(call, option.value, Access::read, false);
    }
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  const bool remote_only = call.name == "sftp";
  for (std::size_t i = 0; i < found.operands.size(); ++i) {
    const auto& operand = found.operands[i];
    if (!remote_only && looks_local(operand)) {
      walk.note_path(call, operand, i + 1 == found.operands.size() ? Access::write : Access::read, true);
    } else if (!remote_only && operand.dynamic && operand.texts.front().find(':') == std::string::npos) {
      walk.note_unknown(call, "copies something that is known only when it runs");
    } else {
      walk.note_host(call, host_of(operand));
    }
  }
  if (call.name != "rsync") walk.note_host(call, "");
}

/// nc, socat, ping and the like: the first operand is the host.
void talk(Walk& walk, const Call& call) {
  const bool runs_programs = lists("nc|ncat|netcat|socat|telnet|ftp|lftp|openssl|nmap|tcpdump", call.name);
  const auto found = read_options(call.arguments, "p|w|s|c|e|i|t|x|X|q|--exec|--sh-exec|--lua-exec");
  if (runs_programs)
    walk.note_hidden(call, "runs " + call.name + ", which can run programs and copy anything");
  walk.note_host(
      call, found.operands.empty() || call.name == "socat" ? std::string{} : host_of(found.operands.front()));
}

/// Whole languages of commands for services of others.
void serve(Walk& walk, const Call& call) {
  if (asks_about_itself(call)) return walk.note(call, CommandClass::read, "asks for a version");
  walk.note_host(call, "");
  walk.note_unknown(call, "runs " + call.name + ", whose commands were not looked into");
}

constexpr std::array services{
    "gh",       "glab",      "hub",        "aws",    "az",     "gcloud",      "gsutil",    "kubectl",
    "helm",     "terraform", "heroku",     "flyctl", "vercel", "netlify",     "wrangler",  "rclone",
    "aria2c",   "yt-dlp",    "youtube-dl", "http",   "https",  "httpie",      "xh",        "w3m",
    "lynx",     "links",     "elinks",     "svn",    "hg",     "bzr",         "mail",      "mutt",
    "sendmail", "msmtp",     "mosh",       "rsh",    "rlogin", "tftp",        "smbclient", "ldapsearch",
    "mcporter", "ansible",   "psftp",      "s3cmd",  "ngrok",  "cloudflared", "curlie",    "axel"};
constexpr std::array talkers{"nc",         "ncat",      "netcat", "socat", "telnet",  "ftp",   "lftp",
                             "openssl",    "nmap",      "ping",   "ping6", "dig",     "host",  "nslookup",
                             "traceroute", "tracepath", "mtr",    "whois", "tcpdump", "getent"};

constexpr auto make_network_programs() {
  std::array<Program, 6 + services.size() + talkers.size()> programs{};
  std::size_t at = 0;
  programs[at++] = {"curl", fetch_with_curl};
  programs[at++] = {"wget", fetch_with_wget};
  programs[at++] = {"ssh", open_shell};
  programs[at++] = {"scp", copy_between_hosts};
  programs[at++] = {"sftp", copy_between_hosts};
  programs[at++] = {"rsync", copy_between_hosts};
  for (const auto* const name : services) programs[at++] = {name, serve};
  for (const auto* const name : talkers) programs[at++] = {name, talk};
  return programs;
}

}  // namespace

std::span<const Program> network_programs() {
  static constexpr auto programs = make_network_programs();
  return programs;
}

}  // namespace butler::policy
