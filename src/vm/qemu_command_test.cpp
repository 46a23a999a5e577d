#include "vm/qemu_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace butler::vm::qemu_command_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string value_after(const std::vector<std::string>& arguments, const std::string& option) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == option) return arguments[i + 1];
  }
  return {};
}

Hardware hardware(Accelerator accelerator) {
  return {.accelerator = accelerator,
          .kernel = "/images/kernel",
          .initrd = "/images/initrd",
          .disks = {{.name = "workspace", .file = "a,b.qcow2", .format = "qcow2"},
                    {.name = "root", .file = "/images/root", .format = "raw", .read_only = true}}};
}

TEST(QemuCommandTest, QemuDeniesItselfEverythingThatItDoesNotNeed) {
  for (const auto accelerator : {Accelerator::kvm, Accelerator::tcg}) {
    const auto arguments = qemu_arguments(hardware(accelerator), false);
    EXPECT_EQ(value_after(arguments, "-sandbox"),
              "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    EXPECT_EQ(value_after(arguments, "-nic"), "none");
    EXPECT_THAT(arguments, Contains("-nodefaults"));
    EXPECT_THAT(arguments, Contains("-no-user-config"));
    for (const char* const option : {"-netdev", "-virtfs", "-fsdev", "-usb", "-vnc", "-monitor"}) {
      EXPECT_THAT(arguments, Not(Contains(option)));
    }
  }
}

TEST(QemuCommandTest, TheMachineFitsTheAccelerator) {
  EXPECT_THAT(value_after(qemu_arguments(hardware(Accelerator::tcg), false), "-machine"),
              HasSubstr("q35,accel=tcg"));
  EXPECT_THAT(value_after(qemu_arguments(hardware(Accelerator::kvm), false), "-machine"),
              HasSubstr("microvm,accel=kvm"));
}

TEST(QemuCommandTest, APathMeansNothingButItself) {
  EXPECT_THAT(qemu_arguments(hardware(Accelerator::tcg), false),
              Contains(R"({"driver":"qcow2","node-name":"workspace","read-only":false,"discard":"unmap",)"
                       R"("file":{"driver":"file","filename":"a,b.qcow2"}})"));
}

TEST(QemuCommandTest, ASnapshotIsWaitedForOnlyWhenThereIsOne) {
  EXPECT_EQ(value_after(qemu_arguments(hardware(Accelerator::tcg), true), "-incoming"), "defer");
  EXPECT_THAT(qemu_arguments(hardware(Accelerator::tcg), false), Not(Contains("-incoming")));
}

}  // namespace
}  // namespace butler::vm::qemu_command_test
