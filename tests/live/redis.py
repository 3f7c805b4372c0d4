# SPDX-License-Identifier: GPL-2.0-or-later
"""redis-server on a unix socket, and the load that redis-benchmark puts on it."""
import shutil
import subprocess
import threading

import pytest

from kernel import is_alive, wait_until


class Redis:
    """A server of the test's own. A context manager, that leaves no process behind."""

    def __init__(self, directory):
        for program in ("redis-server", "redis-benchmark", "redis-cli"):
            if not shutil.which(program):
                pytest.skip(f"{program} is not installed")
        self.socket = str(directory / "redis.sock")
        self.log = directory / "redis.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                 "--dir", directory], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.pid = self.process.pid

    def __enter__(self):
        wait_until(lambda: self.cli("PING", check=False) == "PONG", "redis-server does not come up")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def alive(self):
        return is_alive(self.pid)

    def cli(self, *args, check=True):
        done = subprocess.run(["redis-cli", "-s", self.socket, *map(str, args)], capture_output=True, text=True,
                              check=False, timeout=20)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def info(self, key):
        for line in self.cli("INFO").splitlines():
            if line.startswith(key + ":"):
                return int(line.partition(":")[2])
        return pytest.fail(f"INFO has no {key}")

    def benchmark(self, *args, timeout=60):
        """One run of redis-benchmark, which must not see an error."""
        done = subprocess.run(["redis-benchmark", "-s", self.socket, "-q", *map(str, args)], capture_output=True,
                              text=True, check=False, timeout=timeout)
        check_benchmark(done.returncode, done.stdout + done.stderr)


def check_benchmark(status, output):
    assert status == 0, f"redis-benchmark: status {status}\n{output}"
    assert "requests per second" in output, output
    assert "rror" not in output, output


class Load:
    """SET and GET as fast as they go, for as long as the context is open."""

    def __init__(self, redis):
        self.redis, self.runs, self.failure = redis, 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        while not self.over.is_set():
            try:
                self.redis.benchmark("-t", "set,get", "-n", 20000)
                self.runs += 1
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                self.failure = failure
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def check(self):
        assert not self.failure, self.failure
