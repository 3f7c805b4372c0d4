# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs as the distribution ships them, and what they are given to do. Each is skipped where it is not installed."""
import contextlib
import glob
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from kernel import wait_until


def need(*programs):
    """Paths of programs; skips the test where one is not installed."""
    found = [shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") for program in programs]
    for program, path in zip(programs, found):
        if not path:
            pytest.skip(f"{program} is not installed")
    return found


LUA = "local t = {} for i = 1, 50 do t[i] = cjson.encode({redis.call('INCR', 'lua'), i}) end return t"


def redis_requests(server, count):
    server.benchmark("-t", "set,get,lpush,lrange_100,zadd,hset,spop", "-n", count, "-r", 1000, "-d", 100, "-c", 10)
    for _ in range(count // 100):
        server.cli("EVAL", LUA, 0)
        server.cli("SORT", "mylist", "ALPHA", "LIMIT", 0, 10)
    server.cli("FLUSHALL", "ASYNC")


NGINX = """
daemon off; user root; worker_processes 1; error_log {0}/error.log; pid {0}/pid;
events {{ worker_connections 256; }}
http {{
    access_log {0}/access.log; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;
    fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    gzip on; gzip_min_length 1; gzip_types *; root {0};
    server {{
        listen unix:{0}/nginx.sock;
        location /list/ {{ alias {0}/; autoindex on; }}
        location /proxied/ {{ proxy_pass http://unix:{0}/nginx.sock:/; }}
        rewrite ^/old/(.*)$ /list/$1 last;
    }}
}}
"""


def request(directory, url):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(directory / "nginx.sock"))
        s.sendall(f"GET {url} HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200"), answer[:100]


@contextlib.contextmanager
def nginx_worker(directory):
    """The PID of the only worker of a server on a socket in that directory."""
    binary, = need("nginx")
    (directory / "page.html").write_text("<p>text</p>" * 500)
    (directory / "nginx.conf").write_text(NGINX.format(directory))
    with subprocess.Popen([binary, "-p", directory, "-c", directory / "nginx.conf", "-e", directory / "error.log"],
                          stdin=subprocess.DEVNULL) as master:
        try:
            children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
            worker = wait_until(lambda: (directory / "nginx.sock").exists() and children.read_text(),
                                "nginx does not come up")
            request(directory, "/page.html")
            yield int(worker)
        finally:
            master.terminate()
            master.wait(10)


def nginx_requests(directory, count):
    for _ in range(count // 4):
        for url in ("/page.html", "/list/", "/old/", "/proxied/page.html"):
            request(directory, url)


SQL = """
create table t(id int primary key, word text, amount numeric);
insert into t select i, 'word' || i % 100, i * 1.5 from generate_series(1, 20000) i;
create index on t(word);
analyze t;
select word, count(*), sum(amount) from t group by word order by sum(amount) desc, word limit 5;
select count(*) from t a join t b on a.word = b.word where a.id < 500;
set enable_hashjoin = off; set enable_nestloop = off;
select count(*) from t a join t b on a.amount = b.amount;
select * from (select id, word, rank() over (partition by word order by amount desc) r from t) x where r = 1 limit 3;
select string_agg(word, ',' order by word) from t where id < 200;
create function fib(n int) returns int language plpgsql as
    $$ begin if n < 2 then return n; end if; return fib(n - 1) + fib(n - 2); end $$;
select fib(7); -- its stacks have some ninety frames
do $$ declare r record; begin
    for r in select * from t order by word limit 2000 loop
        update t set amount = r.amount + 1 where id = r.id;
    end loop;
    begin perform 1 / 0; exception when division_by_zero then raise notice 'caught'; end;
end $$;
select jsonb_agg(to_jsonb(t)) #>> '{5,word}' from t where word ~ '^word(1|2)+$';
with recursive r(n) as (select 1 union all select n + 1 from r where n < 1000) select sum(n) from r;
select count(*) from regexp_split_to_table(repeat('a b c ', 2000), ' +');
vacuum t;
drop function fib; drop table t;
"""
# compiled by LLVM, whose tables take longer to make than a query to run: it is loaded before
JIT_SQL = """
set jit_above_cost = 0; set jit_inline_above_cost = 0; set jit_optimize_above_cost = 0;
select count(*), max(repeat(i::text, 500)), sum(i * 1.5::numeric) from generate_series(1, 1000) i where i % 3 = 0;
reset jit_above_cost; reset jit_inline_above_cost; reset jit_optimize_above_cost;
"""


@contextlib.contextmanager
def postgres_server():
    """Its own cluster on a socket in a directory of its own: it refuses to run as root."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    if not found:
        pytest.skip("postgresql is not installed")
    psql, = need("psql")
    with tempfile.TemporaryDirectory(prefix="memtrawl-") as directory:
        shutil.chown(directory, "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": directory,
                   "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, "stdin": subprocess.DEVNULL}
        done = subprocess.run([f"{found[-1]}/initdb", "-D", "data", "-A", "trust", "-N"], capture_output=True,
                              text=True, timeout=120, check=False, **as_user)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(f"{directory}/log", "w") as log:
            server = subprocess.Popen([f"{found[-1]}/postgres", "-D", "data", "-k", directory, "-F", "-c",
                                       "listen_addresses="], stdout=log, stderr=log, **as_user)
        try:
            ready = [f"{found[-1]}/pg_isready", "-q", "-h", directory]
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "postgres does not come up", 30)
            yield [psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", directory, "-U", "postgres"]
        finally:
            server.terminate()
            server.wait(30)


class Backend:
    """A session of psql's and the process that serves it. A context manager."""

    def __init__(self, psql):
        self.client = subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.DEVNULL)
        self.pid = int(self._told("select pg_backend_pid();\n", r"\d+"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stdin.close()
        self.client.wait(30)
        self.client.stdout.close()

    def _told(self, sql, last):
        """What it answers, up to a line like `last`."""
        self.client.stdin.write(sql)
        self.client.stdin.flush()
        for line in self.client.stdout:
            if re.fullmatch(last, line.strip()):
                return line
        return pytest.fail("psql has ended")

    def run(self, sql):
        self._told(sql + "\\echo done\n", "done")


PYTHON = """
import bz2, csv, ctypes, decimal, functools, io, json, re, sqlite3, sys, threading, xml.etree.ElementTree as tree, zlib
def work():
    rows = [{"id": i, "name": "n%d" % i, "parts": list(range(i % 20))} for i in range(2000)]
    text = json.dumps(rows, indent=1)
    assert json.loads(text) == rows
    sorted(rows, key=functools.cmp_to_key(lambda a, b: b["id"] - a["id"]))
    re.sub(r"n(\\d+)", lambda m: m[1] * 2, text)
    db = sqlite3.connect(":memory:")
    db.create_function("twice", 1, lambda x: 2 * x)
    db.execute("create table t(a, b)")
    db.executemany("insert into t values(?, ?)", ((r["id"], r["name"]) for r in rows))
    db.execute("select twice(a), b from t order by b").fetchall()
    zlib.decompress(zlib.compress(text.encode()))
    bz2.compress(text.encode())
    str(decimal.Decimal(2).sqrt(decimal.Context(prec=200)))
    list(csv.reader(io.StringIO(text)))
    root = tree.fromstring("<a>" + "<b c='d'>e</b>" * 500 + "</a>")
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 50)(*range(50, 0, -1))
    ctypes.CDLL(None).qsort(numbers, 50, 4, compare(lambda a, b: len("x" * 600) and a[0] - b[0]))
print("ready", flush=True)
sys.stdin.readline()
threads = [threading.Thread(target=work) for _ in range(2)]
for _ in range(2): work()
for t in threads: t.start()
for t in threads: t.join()
print("done", flush=True)
sys.stdin.readline()
"""
NODE = """
const zlib = require('zlib'), crypto = require('crypto'), { Worker, isMainThread } = require('worker_threads');
function work(round) {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ id: i, name: 'n' + i, parts: [i, round] }));
    const text = JSON.stringify(rows);
    rows.sort((a, b) => b.name < a.name ? -1 : 1);
    text.replace(/n(\\d+)/g, (_, digits) => digits + digits);
    zlib.inflateSync(zlib.deflateSync(text));
    crypto.createHash('sha256').update(text).digest('hex');
    return Buffer.allocUnsafeSlow(20000 + round).fill(text).toString('base64').length;
}
for (let round = 0; round < 40; round++)
    work(round);
if (isMainThread) {
    new Worker(__filename);
    for (let i = 0; i < 20; i++)
        zlib.deflate('x'.repeat(50000), () => crypto.pbkdf2('a', 'b', 100, 64, 'sha512', () => work(i)));
}
"""
SQLITE = """
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
insert into t select i, 'text' || (i * 7919 % 5000), i / 3.0 from n;
create index tb on t(b);
select b, sum(c) over (order by b rows 5 preceding) from t order by c desc limit 10;
select count(*) from t x join t y on x.b = y.b where x.a % 7 = 0;
create trigger tt after update on t begin insert into t(b) values(new.b || '!'); end;
update t set c = c + 1 where a % 5 = 0;
select json_group_array(json_object('a', a, 'b', b)) from t where a < 100;
select group_concat(b) from (select b from t order by b);
create virtual table f using fts5(words);
insert into f select b from t;
select count(*) from f where f match 'text1*';
delete from t; vacuum;
.dump
drop table t; drop table f;
"""


def git_repository(directory):
    """A repository of some commits below a directory, made on the first call. The program, and where it is."""
    binary, = need("git")
    repository = directory / "repository"

    def run(*args):
        subprocess.run([binary, "-C", repository, "-c", "user.name=x", "-c", "user.email=x", *args], check=True,
                       stdout=subprocess.DEVNULL)

    if not repository.exists():
        repository.mkdir()
        run("init", "-q")
        for i in range(20):
            for j in range(10):
                (repository / f"file{j}").write_text("".join(f"line {k * (i + j) % 97}\n" for k in range(200)))
            run("add", ".")
            run("commit", "-q", "-m", f"change {i}")
    return binary, repository
