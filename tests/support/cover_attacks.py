"""Runs inside the landlock tier, in a workspace with .git/hooks and .git/config: tries to write what is protected, and to
mark a file beside the workspace (the first argument). Prints what was open, and what was held."""

import ctypes
import fcntl
import json
import os
import struct
import sys
import threading
import time

BESIDE = sys.argv[1]
LIBC = ctypes.CDLL(None, use_errno=True)
OPENAT2 = 437
RENAME_EXCHANGE = 2
FS_IOC_SETFLAGS = 0x40086602
MARKING_REQUESTS = {"flags": FS_IOC_SETFLAGS, "attributes": 0x401c5820, "version": 0x40087602, "ext4 version": 0x40086604,
                    "encryption": 0x800c6613, "verity": 0x40806685, "fat": 0x40047211, "subvolume flags": 0x4008941a,
                    "snapshot": 0x50009401, "snapshot 2": 0x50009417}
SECONDS = 1.0

held, found_open = [], []


def attempt(name, act):
    try:
        act()
    except OSError as error:
        held.append(f"{name}: {error.strerror}")
    else:
        found_open.append(name)


def write(path, flags=os.O_WRONLY | os.O_CREAT, **more):
    file = os.open(path, flags, 0o600, **more)
    os.write(file, b"evil")
    os.close(file)


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def through_folder():
    write("new", dir_fd=os.open(".git/hooks", os.O_RDONLY))


def through_current():
    os.chdir(".git/hooks")
    try:
        write("new")
    finally:
        os.chdir("../..")


def again(flags, way):
    write(f"{way}/{os.open('.git/config', flags)}", os.O_WRONLY)


def through_link():
    os.symlink(".git/config", "link")
    write("link", os.O_WRONLY)


def through_second_name():
    os.link(".git/config", "second")
    write("second", os.O_WRONLY)


def through_second_name_of_file():
    os.link(f"/proc/self/fd/{os.open('.git/config', os.O_RDONLY)}", "third", follow_symlinks=True)
    write("third", os.O_WRONLY)


def put_over(name):
    write("made")
    os.rename("made", name)


def exchange():
    write("made")
    checked(LIBC.renameat2(-100, b"made", -100, b".git/config", RENAME_EXCHANGE))


def by_openat2():
    checked(LIBC.syscall(OPENAT2, -100, b".envrc", struct.pack("QQQ", os.O_WRONLY | os.O_CREAT, 0o600, 0), 24))


def second_name_for_missing():
    write("made")
    os.link("made", ".envrc")


def mark_by_link():
    os.symlink(BESIDE, "beside")
    os.chmod("beside", 0o777)


def mark_readable(request):
    try:
        fcntl.ioctl(os.open(BESIDE, os.O_RDONLY), request, bytearray(struct.pack("l", 0x40) + bytes(4096)))
    except PermissionError:
        raise
    except OSError:
        pass  # the file system was asked


def planted(path, flags):
    os.path.lexists("planted") and os.unlink("planted")
    os.symlink(path, "planted")
    os.open("planted", flags)


def own(path):
    os.close(os.open(path, os.O_RDONLY))


HERE = os.getcwd()
for name, act in {
    "a new hook": lambda: write(".git/hooks/new"),
    "by its whole path": lambda: write(f"{HERE}/.git/config"),
    "by a way around": lambda: write(".git/../.git/./hooks/../hooks/new"),
    "in other letters' case": lambda: write(".git/HOOKS"),
    "through an open folder": through_folder,
    "from inside": through_current,
    "opened again": lambda: again(os.O_RDONLY, "/proc/self/fd"),
    "opened again by /dev/fd": lambda: again(os.O_PATH, "/dev/fd"),
    "opened again by a thread's folder": lambda: again(os.O_PATH, "/proc/thread-self/fd"),
    "through /proc/self/cwd": lambda: write("/proc/self/cwd/.git/config", os.O_WRONLY),
    "through /proc/self/root": lambda: write(f"/proc/self/root{HERE}/.git/config", os.O_WRONLY),
    "through a link": through_link,
    "through a second name": through_second_name,
    "through a second name of an open file": through_second_name_of_file,
    ".git moved": lambda: os.rename(".git", "away"),
    "hooks moved": lambda: os.rename(".git/hooks", "away"),
    "configuration moved": lambda: os.rename(".git/config", "away"),
    "another configuration over it": lambda: put_over(".git/config"),
    "another configuration in exchange": exchange,
    "configuration removed": lambda: os.unlink(".git/config"),
    "hooks removed": lambda: os.rmdir(".git/hooks"),
    "configuration cut": lambda: os.truncate(".git/config", 0),
    "configuration cut by reading": lambda: os.open(".git/config", os.O_RDONLY | os.O_TRUNC),
    "mode of the hooks": lambda: os.chmod(".git/hooks", 0o777),
    "mode of an open file": lambda: os.fchmod(os.open(".git/config", os.O_RDONLY), 0o777),
    "dates": lambda: os.utime(".git/config"),
    "labels": lambda: os.setxattr(".git/config", "user.x", b"1"),
    "owner": lambda: os.chown(".git/config", os.getuid(), os.getgid()),
    ".envrc": lambda: write(".envrc"),
    ".envrc by creat": lambda: checked(LIBC.creat(b".envrc", 0o600)),
    ".envrc by openat2": by_openat2,
    ".envrc by mknod": lambda: os.mknod(".envrc"),
    ".envrc as a second name": second_name_for_missing,
    ".envrc put there": lambda: put_over(".envrc"),
    ".mcp.json": lambda: write(".mcp.json"),
    ".vscode": lambda: os.mkdir(".vscode"),
    ".vscode as a link": lambda: os.symlink(".", ".vscode"),
    ".pi": lambda: os.mkdir(".pi"),
    "mode beside": lambda: os.chmod(BESIDE, 0o777),
    "mode beside by a link": mark_by_link,
    "mode beside of an open file": lambda: os.fchmod(os.open(BESIDE, os.O_RDONLY), 0o777),
    "dates beside": lambda: os.utime(BESIDE),
    "labels beside": lambda: os.setxattr(BESIDE, "user.x", b"1"),
    **{f"{name} beside": lambda request=request: mark_readable(request) for name, request in MARKING_REQUESTS.items()},
    "the broker's memory": lambda: os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY),
    "the broker's memory by a link": lambda: planted("/proc/self/mem", os.O_RDWR),
    "the broker's environment by a link": lambda: planted("/proc/self/environ", os.O_RDONLY),
    "the end of the broker": lambda: os.kill(os.getppid(), 0),
    "the first process": lambda: own("/proc/1/cmdline"),
    "the first process by a way around": lambda: own("/proc/self/../1/cmdline"),
    "the list of processes": lambda: os.listdir("/proc"),
    "the machine's connections": lambda: own("/proc/self/net/tcp"),
}.items():
    attempt(name, act)

# What has to work all the same.
for path in ("/proc/self/status", "/proc/self/maps", f"/proc/{os.getpid()}/stat", "/proc/cpuinfo", "/proc/mounts"):
    own(path)
os.chmod("made", 0o640)

races = 0
ending = False


def exchange_links():
    while not ending:
        for target in ("harmless", ".git/hooks"):
            os.symlink(target, "turning.new")
            os.rename("turning.new", "turning")


def exchange_words():
    while not ending:
        for word in (b"harmless/aaaaa", b".git/hooks/mem"):
            ctypes.memmove(WORDS, word, len(word))


def run_against(other, act):
    """Tries again and again while another thread changes what the path means."""
    global races, ending
    ending = False
    thread = threading.Thread(target=other)
    thread.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        races += 1
        act()
    ending = True
    thread.join()


def write_through_turning():
    try:
        write("turning/raced")
    except OSError:
        pass


os.mkdir("harmless")
os.symlink("harmless", "turning")
WORDS = ctypes.create_string_buffer(b"harmless/aaaaa")
run_against(exchange_links, write_through_turning)
run_against(exchange_words, lambda: LIBC.close(LIBC.open(WORDS, os.O_WRONLY | os.O_CREAT, 0o600)))
if os.listdir(".git/hooks"):
    found_open.append("a race")
print(json.dumps({"held": held, "open": found_open, "races": races}))
