#include "doctor/machine_look.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <fstream>
#include <sstream>
#include <vector>

#include "process/process_tree.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

constexpr std::size_t longest_command_shown = 60;

std::string text_of_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool has_socket(pid_t pid, const std::string& link) {
  std::error_code error;
  for (fs::directory_iterator at(fs::path{"/proc"} / std::to_string(pid) / "fd", error), end;
       !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(at->path(), gone).string() == link) return true;
  }
  return false;
}

/// Its arguments may hold what is nobody else's: only the program and its first word are shown.
std::string command_shown(pid_t pid) {
  const auto text = text_of_file(fs::path{"/proc"} / std::to_string(pid) / "cmdline");
  const auto program = text.substr(0, text.find('\0'));
  std::string shown = fs::path{program}.filename().string();
  if (program.size() + 1 < text.size()) {
    const auto first =
        text.substr(program.size() + 1, text.find('\0', program.size() + 1) - program.size() - 1);
    if (!first.starts_with('-') && first.size() < longest_command_shown) shown += " " + first;
  }
  return shown;
}

void find_port_holder(std::uint16_t port, PortState& state) {
  std::uint64_t inode = read_listening_inode(text_of_file("/proc/net/tcp"), port);
  if (inode == 0) inode = read_listening_inode(text_of_file("/proc/net/tcp6"), port);
  if (inode == 0) return;
  const std::string link = "socket:[" + std::to_string(inode) + "]";
  for (const auto& entry : process::list_processes()) {
    if (!has_socket(entry.pid, link)) continue;
    state.holder = entry.pid;
    state.holder_command = command_shown(entry.pid);
    return;
  }
}

}  // namespace

std::optional<pid_t> read_lock_holder(std::string_view locks, std::uint64_t inode) {
  std::istringstream lines{std::string{locks}};
  for (std::string line; std::getline(lines, line);) {
    // "1: FLOCK  ADVISORY  WRITE 123 08:01:4711 0 EOF"; a waiting one has "->" in second place.
    const auto words = words_of(line);
    if (words.size() < 6 || words[1] != "FLOCK") continue;
    const auto colon = words[5].rfind(':');
    if (colon == std::string::npos || number_of(words[5].substr(colon + 1), 10) != inode) continue;
    const auto pid = number_of(words[4], 10);
    if (pid && *pid > 0) return static_cast<pid_t>(*pid);
  }
  return std::nullopt;
}

std::optional<pid_t> find_lock_holder(const fs::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  return read_lock_holder(text_of_file("/proc/locks"), status.st_ino);
}

std::uint64_t read_listening_inode(std::string_view table, std::uint16_t port) {
  std::istringstream lines{std::string{table}};
  for (std::string line; std::getline(lines, line);) {
    // "0: 0100007F:2253 00000000:0000 0A … uid timeout inode": address:port, and 0A is LISTEN.
    const auto words = words_of(line);
    if (words.size() < 10 || words[3] != "0A") continue;
    const auto colon = words[1].rfind(':');
    if (colon == std::string::npos || number_of(words[1].substr(colon + 1), 16) != port) continue;
    return number_of(words[9], 10).value_or(0);
  }
  return 0;
}

PortState try_port(const std::string& host, std::uint16_t port) {
  PortState state;
  asio::io_context io{1};
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) {
    state.fault = "it is no address";
    return state;
  }
  asio::ip::tcp::acceptor acceptor(io);
  acceptor.open(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind({address, port}, error);
  if (!error) acceptor.listen(1, error);
  if (!error) {
    state.free = true;
  } else if (error == asio::error::address_in_use) {
    find_port_holder(port, state);
  } else {
    state.fault = error.message();
  }
  return state;
}

}  // namespace butler::doctor
