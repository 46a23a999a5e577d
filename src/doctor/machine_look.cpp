#include "doctor/machine_look.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <bit>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

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

/// Names a process only when no other can be meant: the mend is to stop it.
void find_port_holder(const asio::ip::address& address, std::uint16_t port, PortState& state) {
  auto listeners = read_listeners(text_of_file("/proc/net/tcp"), port);
  for (auto& listener : read_listeners(text_of_file("/proc/net/tcp6"), port)) listeners.push_back(listener);
  std::set<pid_t> holders;
  for (const auto inode : choose_rivals(listeners, address)) {
    const std::string link = "socket:[" + std::to_string(inode) + "]";
    for (const auto& entry : process::list_processes()) {
      if (has_socket(entry.pid, link)) holders.insert(entry.pid);
    }
  }
  if (holders.size() != 1) return;
  state.holder = *holders.begin();
  state.holder_command = command_shown(state.holder);
}

/// "0100007F", or four such words: each is 32 bits of the address as they lie in memory.
std::optional<asio::ip::address> address_of(std::string_view hex) {
  constexpr std::size_t word_length = 8;
  std::array<unsigned char, 16> bytes{};
  if (hex.size() != word_length && hex.size() != word_length * 4) return std::nullopt;
  for (std::size_t at = 0; at < hex.size(); at += word_length) {
    const auto word = number_of(hex.substr(at, word_length), 16);
    if (!word) return std::nullopt;
    const auto value = static_cast<std::uint32_t>(*word);
    std::memcpy(bytes.data() + at / 2, &value, sizeof value);
  }
  if (hex.size() == word_length) return asio::ip::address_v4{{bytes[0], bytes[1], bytes[2], bytes[3]}};
  return asio::ip::address_v6{std::bit_cast<asio::ip::address_v6::bytes_type>(bytes)};
}

/// The device as the kernel's tables have it: on some file systems (btrfs, overlayfs) stat says another.
std::optional<LockedFile> identify_file(const fs::path& file) {
  struct statx status{};
  if (::statx(AT_FDCWD, file.c_str(), 0, STATX_INO | STATX_MNT_ID, &status) != 0) return std::nullopt;
  LockedFile found{.major = status.stx_dev_major, .minor = status.stx_dev_minor, .inode = status.stx_ino};
  if ((status.stx_mask & STATX_MNT_ID) == 0) return found;
  std::istringstream lines{text_of_file("/proc/self/mountinfo")};
  for (std::string line; std::getline(lines, line);) {
    // "36 35 98:0 / /mnt …": the mount, its parent, the device.
    const auto words = words_of(line);
    if (words.size() < 3 || number_of(words[0], 10) != status.stx_mnt_id) continue;
    const auto colon = words[2].find(':');
    if (colon == std::string::npos) break;
    const auto major = number_of(words[2].substr(0, colon), 10);
    const auto minor = number_of(words[2].substr(colon + 1), 10);
    if (!major || !minor) break;
    found.major = static_cast<unsigned>(*major);
    found.minor = static_cast<unsigned>(*minor);
    break;
  }
  return found;
}

}  // namespace

std::optional<pid_t> read_lock_holder(std::string_view locks, const LockedFile& file) {
  std::istringstream lines{std::string{locks}};
  for (std::string line; std::getline(lines, line);) {
    // "1: FLOCK  ADVISORY  WRITE 123 08:01:4711 0 EOF"; a waiting one has "->" in second place.
    const auto words = words_of(line);
    if (words.size() < 6 || words[1] != "FLOCK") continue;
    const std::string_view place = words[5];
    const auto first = place.find(':');
    const auto last = place.rfind(':');
    if (first == last || number_of(place.substr(0, first), 16) != file.major ||
        number_of(place.substr(first + 1, last - first - 1), 16) != file.minor ||
        number_of(place.substr(last + 1), 10) != file.inode)
      continue;
    const auto pid = number_of(words[4], 10);
    if (pid && *pid > 0) return static_cast<pid_t>(*pid);
  }
  return std::nullopt;
}

std::optional<pid_t> find_lock_holder(const fs::path& file) {
  const auto identity = identify_file(file);
  if (!identity) return std::nullopt;
  return read_lock_holder(text_of_file("/proc/locks"), *identity);
}

std::vector<Listener> read_listeners(std::string_view table, std::uint16_t port) {
  std::vector<Listener> listeners;
  std::istringstream lines{std::string{table}};
  for (std::string line; std::getline(lines, line);) {
    // "0: 0100007F:2253 00000000:0000 0A … uid timeout inode": address:port, and 0A is LISTEN.
    const auto words = words_of(line);
    if (words.size() < 10 || words[3] != "0A") continue;
    const auto colon = words[1].rfind(':');
    if (colon == std::string::npos || number_of(words[1].substr(colon + 1), 16) != port) continue;
    const auto address = address_of(std::string_view{words[1]}.substr(0, colon));
    if (address) listeners.push_back({.address = *address, .inode = number_of(words[9], 10).value_or(0)});
  }
  return listeners;
}

std::vector<std::uint64_t> choose_rivals(const std::vector<Listener>& listeners,
                                         const asio::ip::address& wanted) {
  std::vector<std::uint64_t> exact;
  std::vector<std::uint64_t> wide;
  for (const auto& [address, inode] : listeners) {
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    const asio::ip::address plain =
        mapped ? asio::ip::address{asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6())} : address;
    if (plain == wanted) exact.push_back(inode);
    const bool strange = plain.is_v6() && wanted.is_v4() && !plain.is_unspecified();
    if (!strange && (plain.is_unspecified() || wanted.is_unspecified())) wide.push_back(inode);
  }
  return exact.empty() ? wide : exact;
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
    find_port_holder(address, port, state);
  } else {
    state.fault = error.message();
  }
  return state;
}

}  // namespace butler::doctor
