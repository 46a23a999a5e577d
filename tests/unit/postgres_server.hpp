#pragma once

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "postgres/connection.hpp"
#include "unit/temp_folder.hpp"

namespace butler::test {

/// A PostgreSQL server of this test program's own: real, thrown away with the program, reached over a socket
/// in its folder, run as an unprivileged user. It does not wait for the disk: no test here cuts the power.
class PostgresServer {
 public:
  /// Started with the first call.
  static PostgresServer& instance() {
    static PostgresServer server;
    return server;
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() { stop(SIGQUIT); }

  /// The address of a new empty database.
  std::string new_database() {
    const std::string name = "test" + std::to_string(++databases_);
    admin("CREATE DATABASE " + name);
    return address(name);
  }

  void drop_database(const std::string& address) {
    admin("DROP DATABASE " + address.substr(address.find('/', 13) + 1, address.find('?') - 14) +
          " WITH (FORCE)");
  }

  /// Ends every connection to the databases of tests, as an administrator may.
  void end_connections() {
    admin("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname LIKE 'test%'");
  }

  /// Stops the server; connections are lost.
  void stop(int signal) {
    if (process_ <= 0) return;
    ::kill(process_, signal);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  void start() {
    process_ = run_as_user({(programs_ / "postgres").string(), "-D", data().string(), "-c",
                            "listen_addresses=", "-c", "unix_socket_directories=" + folder_.path().string(),
                            "-c", "fsync=off", "-c", "max_connections=50"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    for (;;) {
      try {
        const postgres::Connection reachable({.url = address("postgres"), .application = "test"});
        return;
      } catch (const postgres::Error&) {
        if (std::chrono::steady_clock::now() > deadline) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
      }
    }
  }

 private:
  PostgresServer() {
    namespace fs = std::filesystem;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
      programs_ = std::max(programs_, version.path() / "bin");
    }
    if (programs_.empty()) throw std::runtime_error("install PostgreSQL: tools/setup/packages.sh test");
    if (::geteuid() == 0) {
      user_ = ::getpwnam("postgres");
      if (user_ == nullptr) throw std::runtime_error("root needs the user postgres to run the server as");
      if (::chown(folder_.path().c_str(), user_->pw_uid, user_->pw_gid) != 0)
        throw std::runtime_error("chown");
    }
    const auto made = run_as_user({(programs_ / "initdb").string(), "-D", data().string(), "-U", "butler",
                                   "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"});
    int status = 0;
    ::waitpid(made, &status, 0);
    if (status != 0) throw std::runtime_error("initdb failed; see " + (folder_.path() / "log").string());
    start();
  }

  std::filesystem::path data() const { return folder_.path() / "data"; }

  std::string address(const std::string& database) const {
    return "postgresql:///" + database + "?user=butler&host=" + folder_.path().string();
  }

  void admin(const std::string& sql) {
    postgres::Connection({.url = address("postgres"), .application = "test"}).query(sql);
  }

  /// The child ends with this program, however that ends.
  pid_t run_as_user(const std::vector<std::string>& command) const {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string log = (folder_.path() / "log").string();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork");
    if (child > 0) return child;
    if (user_ != nullptr &&
        (::setgroups(0, nullptr) != 0 || ::setgid(user_->pw_gid) != 0 || ::setuid(user_->pw_uid) != 0)) {
      ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent) ::_exit(125);
    if (::chdir(folder_.path().c_str()) != 0) ::_exit(126);
    if (std::freopen(log.c_str(), "a", stderr) == nullptr || ::dup2(2, 1) < 0) ::_exit(126);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }

  TempFolder folder_;
  std::filesystem::path programs_;
  const passwd* user_ = nullptr;
  pid_t process_ = 0;
  int databases_ = 0;
};

}  // namespace butler::test
