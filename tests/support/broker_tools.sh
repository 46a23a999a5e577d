# What programs do all day, in an empty folder. Ends at the first thing that does not work.
set -eu
expect() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'"; exit 1; }; }
echo a > f; echo b >> f; expect "$(wc -l < f)" 2
chmod 755 f; expect "$(stat -c %a f)" 755
mkdir -p x/y/z; mkdir -p x/y/z; rmdir x/y/z; mv f x/g; ln -s x/g l; ln x/g h; echo c >> l; expect "$(tail -n 1 h)" c
ln -s target dangling; echo x > dangling; expect "$(cat target)" x
cp -a x x2; touch -d 2020-01-01 h; cp -p h h2; expect "$(stat -c %Y h2)" "$(stat -c %Y h)"
install -m 600 h i; expect "$(stat -c %a i)" 600
tar cf a.tar x x2 l; mkdir un; tar xpf a.tar -C un; expect "$(readlink un/l)" x/g
sed -i s/a/z/ h2; expect "$(head -n 1 h2)" z
expect "$(cat <(echo hi))" hi
expect "$( (echo a > /dev/stdout; echo b > /dev/fd/1) | cat | tr -d '\n')" ab; echo nothing > /dev/null
(umask 022; touch u; expect "$(stat -c %a u)" 644)
(set -C; echo 1 > once; if echo 2 > once; then exit 1; fi) 2> /dev/null
mkfifo p; cat p > read & sleep 0.2; echo data > p; wait; expect "$(cat read)" data
(cd x && echo q > ../relative); expect "$(cat relative)" q
seq 20000 | sort -S 100K -T . -n > sorted; expect "$(tail -n 1 sorted)" 20000
exec 9> lock; flock 9; exec 9>&-
python3 - <<'PYTHON'
import os, shutil, sqlite3, subprocess, tempfile, threading
os.makedirs("q/w"); shutil.copytree("x", "tree"); shutil.rmtree("tree")
tempfile.TemporaryFile().write(b"x")
named = tempfile.NamedTemporaryFile(); os.fchmod(named.fileno(), 0o600)
os.write(os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600), b"x")
folder = os.open("q", os.O_RDONLY)
os.mkdir("k", dir_fd=folder); os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=folder)); os.unlink("f", dir_fd=folder)
os.utime("h2", (1, 2)); assert os.stat("h2").st_mtime == 2
os.utime("l", (3, 4), follow_symlinks=False); assert os.lstat("l").st_mtime == 4
os.truncate("h2", 1); assert os.stat("h2").st_size == 1
os.setxattr("h2", "user.a", b"v"); assert os.getxattr("h2", "user.a") == b"v"; os.removexattr("h2", "user.a")
subprocess.run(["cat", "/proc/self/stat"], check=True, stdout=subprocess.DEVNULL)
os.listdir("/proc/self/fd"); open("/proc/self/cmdline").read()
database = sqlite3.connect("db"); database.execute("pragma journal_mode=wal"); database.execute("create table t(a)"); database.commit()
def write(number):
    for round in range(50):
        open(f"thread{number}", "w").write("x")
threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
PYTHON
if command -v git > /dev/null; then
  # Beside the covered names: git itself would want to write .git/config.
  git init -q --bare b.git; git -C b.git config user.name a; git -C b.git config user.email b
  tree=$(git -C b.git write-tree); commit=$(echo first | git -C b.git commit-tree "$tree"); git -C b.git branch first "$commit"; git -C b.git gc -q
fi
echo all is well
