import http.client
import json
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "simulator.py"


class Program(unittest.TestCase):
    def start(self, *options):
        process = subprocess.Popen([sys.executable, str(PROGRAM), "--port", "0", *options], stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, process.stdout.readline()

    def test_it_says_where_it_listens_writes_the_port_and_ends_at_once(self):
        with tempfile.TemporaryDirectory() as directory:
            port_file = Path(directory) / "port"
            process, line = self.start("--port-file", str(port_file), "--note", "a note", "--owner-id", "7")
            port = int(port_file.read_text())
            self.assertEqual(line, f"Telegram stand-in: http://127.0.0.1:{port}/\n")
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/sim/state")
            state = json.loads(connection.getresponse().read())
            self.assertEqual((state["note"], state["owner_id"]), ("a note", 7))
            connection.request("POST", "/bot700001:local-stand-in/getUpdates", "timeout=50",
                               {"Content-Type": "application/x-www-form-urlencoded"})
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 0)
            connection.close()

    def test_help_names_the_options(self):
        shown = subprocess.run([sys.executable, str(PROGRAM), "--help"], capture_output=True, text=True, check=True)
        self.assertIn("--rate-model", shown.stdout)

    def test_a_taken_port_is_said_in_one_line(self):
        _, line = self.start()
        port = line.strip().rstrip("/").rpartition(":")[2]
        second = subprocess.run([sys.executable, str(PROGRAM), "--port", port], capture_output=True, text=True)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(second.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
