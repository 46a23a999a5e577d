#include "doctor/doctor.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "doctor/checks.hpp"
#include "doctor/context.hpp"
#include "doctor/machine_look.hpp"
#include "doctor/program.hpp"
#include "doctor/report.hpp"
#include "doctor/test_support.hpp"
#include "files/descriptor.hpp"
#include "unit/temp_folder.hpp"

namespace butler::doctor::doctor_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::found;

config::Loaded empty_installation(const std::filesystem::path& home) {
  config::Loaded loaded;
  loaded.place.home = home;
  loaded.place.working_directory = home;
  loaded.environment = {{"TELEGRAM_BOT_TOKEN", {"123456789:canary-AbCdEfGhIjKlMnOpQrStU", ".env:1"}},
                        {"TG_OWNER_IDS", {"1", ".env:2"}}};
  return loaded;
}

TEST(Doctor, TheExitStatusIsThatOfTheWorstFinding) {
  EXPECT_EQ(exit_status({}), 0);
  EXPECT_EQ(exit_status({all_well("a"), left_out("b")}), 0);
  EXPECT_EQ(exit_status({all_well("a"), doubtful("b", "c", "d")}), 1);
  EXPECT_EQ(exit_status({wrong("a", "b", "c"), doubtful("b", "c", "d")}), 2);
}

TEST(Doctor, EveryCheckHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const auto& check : list_checks()) names.insert(check.name);
  EXPECT_EQ(names.size(), list_checks().size());
  EXPECT_EQ(checks().size(), list_checks().size());
}

TEST(Doctor, ChosenChecksRunInTheTablesOrderAndAreToldOnce) {
  const test::TempFolder home;
  std::vector<std::string> told;
  const auto report = run(empty_installation(home.path()), {.only = {"disk", "configuration"}},
                          [&](const Finding& finding) { told.push_back(finding.name); });
  EXPECT_THAT(told, ElementsAre("configuration", "disk"));
  EXPECT_EQ(report.findings.size(), 2U);
}

TEST(Doctor, ANamedCheckThatOfflineLeavesOutIsReportedAsSkipped) {
  const test::TempFolder home;
  const Options options{.offline = true, .only = {"telegram", "provider"}};
  const auto report = run(empty_installation(home.path()), options);
  ASSERT_EQ(report.findings.size(), 2U);
  for (const auto& finding : report.findings) EXPECT_EQ(finding.status, Status::skipped) << finding.name;
  std::ostringstream out;
  Printer(out, {}).finish(report, options);
  EXPECT_EQ(out.str(), "Nothing was checked.\n");
}

TEST(Doctor, ARemarkIsShownAfterTheCommandAndNotInIt) {
  std::ostringstream out;
  Printer(out, {}).show(wrong("is", "should be", "kill 5", "It comes again."));
  EXPECT_THAT(out.str(), testing::ContainsRegex("mend:   kill 5\n +note:   It comes again.\n"));
}

TEST(Doctor, ASecretInAProblemIsHidden) {
  auto loaded = empty_installation("/nowhere");
  loaded.problems = {{.name = "",
                      .source = "x",
                      .message = "canary-AbCdEfGhIjKlMnOpQrStU and 123456789:canary-AbCdEfGhIjKlMnOpQrStU"}};
  const auto report = run(loaded, {.only = {"configuration"}});
  EXPECT_THAT(report.findings.at(0).what_is, HasSubstr("[redacted] and [redacted]"));
}

TEST(Doctor, TheReportForProgramsSaysEverything) {
  auto finding = wrong("is", "should be", "mend", "remark");
  finding.name = "disk";
  EXPECT_EQ(
      json::serialize(to_json({.findings = {finding}, .fixed = {"a"}, .not_fixed = {}})),
      R"({"ok":false,"exitCode":2,"findings":[{"check":"disk","status":"broken","is":"is",)"
      R"("shouldBe":"should be","mend":"mend","remark":"remark","fixable":false}],"fixed":["a"],"notFixed":[]})");
}

Findings findings_with_secrets(const test::TempFolder& home, const std::string& secrets) {
  const auto file = home.path() / "secrets.env";
  std::ofstream(file) << secrets;
  std::filesystem::permissions(file, std::filesystem::perms{0600});
  return run(empty_installation(home.path()), {.only = {"configuration", "secrets"}}).findings;
}

TEST(Doctor, ASecretsFileThatButlerCannotStartWithIsNotWell) {
  const std::string good = "ORCH_GATEWAY_TOKEN=0123456789abcdef0123456789abcdef0123456789abcdef\n";
  const test::TempFolder home;
  EXPECT_THAT(findings_with_secrets(home, good + "ORCH_WORK"),
              ElementsAre(found(Status::broken, "secrets.env:2"),
                          found(Status::broken, "ORCH_WORKER_TOKEN", "rm " + home.path().string())));
  EXPECT_THAT(findings_with_secrets(home, good),
              ElementsAre(found(Status::ok, ""), found(Status::broken, "ORCH_WORKER_TOKEN", "secrets.env")));
  EXPECT_THAT(findings_with_secrets(
                  home, good + "ORCH_WORKER_TOKEN=fedcba9876543210fedcba9876543210fedcba9876543210\n"),
              ElementsAre(found(Status::ok, ""), found(Status::ok, "")));
}

TEST(Doctor, SecretsThatTheFirstStartMakesAreNotMissed) {
  const test::TempFolder home;
  const auto report = run(empty_installation(home.path()), {.only = {"configuration", "secrets"}});
  EXPECT_THAT(report.findings, ElementsAre(found(Status::ok, ""), found(Status::ok, "")));
}

TEST(Doctor, AModeIsFixedAndLookedAtAgain) {
  if (::geteuid() == 0) GTEST_SKIP() << "root's home is another's: tests/system/test_doctor.py";
  const test::TempFolder home;
  std::ofstream(home.path() / "secrets.env") << "#\n";
  std::filesystem::permissions(home.path() / "secrets.env", std::filesystem::perms{0644});
  const Options only{.only = {"permissions"}};
  EXPECT_EQ(exit_status(run(empty_installation(home.path()), only).findings), 2);
  const auto report = run(empty_installation(home.path()), {.fix = true, .only = {"permissions"}});
  EXPECT_EQ(exit_status(report.findings), 0);
  EXPECT_THAT(report.fixed, ElementsAre(HasSubstr("is now 0600")));
}

TEST(MachineLook, TheHolderOfALockIsReadOffTheKernelsTableByDeviceAndInode) {
  const std::string locks =
      "1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF\n"
      "2: FLOCK  ADVISORY  WRITE 12 08:01:78 0 EOF\n"
      "2: -> FLOCK  ADVISORY  WRITE 13 08:01:77 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 14 00:2b:77 0 EOF\n";
  EXPECT_EQ(read_lock_holder(locks, {.major = 0, .minor = 0x2b, .inode = 77}), 14);
  EXPECT_EQ(read_lock_holder(locks, {.major = 8, .minor = 1, .inode = 78}), 12);
  EXPECT_EQ(read_lock_holder(locks, {.major = 8, .minor = 1, .inode = 79}), std::nullopt);
  EXPECT_EQ(read_lock_holder(locks, {.major = 8, .minor = 1, .inode = 77}), std::nullopt)
      << "one waits, and the lock is on another file system's file of that number";
}

TEST(MachineLook, ALockThatIsHeldIsSeenAndNotTaken) {
  const test::TempFolder folder;
  const auto file = folder.path() / "lock";
  const files::Descriptor held{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  EXPECT_EQ(find_lock_holder(file), std::nullopt);
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  EXPECT_EQ(find_lock_holder(file), ::getpid());
}

TEST(MachineLook, AListeningSocketIsFoundByItsPort) {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:2253 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 10 1 0 "
      "100\n"
      "   1: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 "
      "100\n";
  const auto listeners = read_listeners(table, 0x2253);
  ASSERT_EQ(listeners.size(), 1U);
  EXPECT_EQ(listeners[0].address.to_string(), "127.0.0.1");
  EXPECT_EQ(listeners[0].inode, 4711U);
  EXPECT_THAT(read_listeners(table, 80), testing::IsEmpty());
  const std::string six = "0: 00000000000000000000000001000000:0050 0:0 0A 0:0 0:0 0 0 0 12 1 0 100\n";
  ASSERT_EQ(read_listeners(six, 80).size(), 1U);
  EXPECT_EQ(read_listeners(six, 80)[0].address.to_string(), "::1");
}

TEST(MachineLook, WhoListensElsewhereOnThePortIsInNobodysWay) {
  const auto at = [](const char* address) { return boost::asio::ip::make_address(address); };
  const std::vector<Listener> listeners{{.address = at("10.0.0.1"), .inode = 1},
                                        {.address = at("127.0.0.1"), .inode = 2},
                                        {.address = at("::1"), .inode = 3}};
  EXPECT_THAT(choose_rivals(listeners, at("127.0.0.1")), ElementsAre(2U));
  EXPECT_THAT(choose_rivals(listeners, at("127.0.0.2")), testing::IsEmpty());
  EXPECT_THAT(choose_rivals(listeners, at("0.0.0.0")), ElementsAre(1U, 2U));
  EXPECT_THAT(choose_rivals({{.address = at("0.0.0.0"), .inode = 4}}, at("127.0.0.1")), ElementsAre(4U));
  EXPECT_THAT(choose_rivals({{.address = at("::ffff:127.0.0.1"), .inode = 5}}, at("127.0.0.1")),
              ElementsAre(5U));
}

TEST(MachineLook, TheProcessOnAPortIsNamed) {
  boost::asio::io_context io{1};
  const boost::asio::ip::tcp::acceptor held{io, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  const auto state = try_port("127.0.0.1", held.local_endpoint().port());
  EXPECT_FALSE(state.free);
  EXPECT_EQ(state.holder, ::getpid());
}

TEST(Program, TheLastLineThatSaysAnythingIsFound) {
  EXPECT_EQ(last_line("a\nb\n\n"), "b");
  EXPECT_EQ(last_line("a"), "a");
  EXPECT_EQ(last_line("\n"), "");
}

TEST(FindingWords, AreQuotedAndEndOnce) {
  EXPECT_EQ(shell_word("/a-b/c.d"), "/a-b/c.d");
  EXPECT_EQ(shell_word("/a b"), "'/a b'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(as_sentence("it is so.\n"), "it is so.");
  EXPECT_EQ(as_sentence("is it?"), "is it?");
}

}  // namespace
}  // namespace butler::doctor::doctor_test
