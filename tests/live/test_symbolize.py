# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that come later: a profile of a stripped program, named where its debugging information is."""
import json
import re
import subprocess

import pytest

SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
void *volatile kept[100];
static inline __attribute__((always_inline)) void *grab(size_t size)
{
	return malloc(size); /* \033[31m */
}
static __attribute__((noinline)) void *worker(int i)
{
	void *block = grab(1000 + (size_t)i);
	__asm__ volatile("" ::: "memory");
	return block;
}
int main(void)
{
	char line[8];
	if (puts("ready") < 0 || fflush(stdout) || !fgets(line, sizeof(line), stdin))
		return 1;
	for (int i = 0; i < 100; i++)
		kept[i] = worker(0);
	if (puts("done") < 0 || fflush(stdout) || !fgets(line, sizeof(line), stdin))
		return 1;
	return 0;
}
""".lstrip()
WITH_NAMES = [("grab", 7, True), ("worker", 11, False), ("main", 21, False), ("_start", None, False)]


def sh(command, folder):
    subprocess.run(command, shell=True, check=True, cwd=folder)


@pytest.fixture
def snapshot(memtrawl, tmp_path):
    """Takes one of the stripped program, which has not a name of its own. Its build id."""
    (tmp_path / "prog.c").write_text(SOURCE)
    sh("gcc -O2 -g prog.c -o full && objcopy --only-keep-debug full prog.debug && strip full -o prog", tmp_path)
    build_id = re.search(r"Build ID: (\w+)", subprocess.run(["readelf", "-n", tmp_path / "full"], text=True,
                                                            stdout=subprocess.PIPE, check=True).stdout)[1]
    with subprocess.Popen([tmp_path / "prog"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            with memtrawl.session(process.pid):
                process.stdin.write("\n")
                process.stdin.flush()
                assert process.stdout.readline() == "done\n"
                memtrawl.ok("snapshot", "-p", process.pid, "stripped")
        finally:
            process.kill()
    return build_id


def frames(document):
    """The frames of the one site in the program itself."""
    sites = [site for site in document["sites"] if site["live_bytes"] == 100000]
    assert len(sites) == 1 and sites[0]["live_objects"] == 100
    return [f for f in sites[0]["frames"] if f["object"].endswith("/prog")]


def places(document):
    return [(f["function"], f["line"], f["inlined"]) for f in frames(document)]


def missing(tmp_path, build_id):
    return (f"memtrawl: warning: 3 places in {tmp_path}/prog stay without a name: none was found for build id "
            f"{build_id}\n")


def debug_folder(tmp_path, build_id):
    folder = tmp_path / "debug"
    (folder / ".build-id" / build_id[:2]).mkdir(parents=True)
    (tmp_path / "prog.debug").rename(folder / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug")
    return folder


def test_names_come_later(memtrawl, snapshot, tmp_path):
    assert places(memtrawl.json("show", "stripped", "--json")) == [(None, None, False)] * 3
    # nothing is known here either, which is said
    done = memtrawl("symbolize", "stripped", "--json")
    assert done.stderr == missing(tmp_path, snapshot)
    assert places(json.loads(done.stdout)) == [(None, None, False)] * 3
    memtrawl.env["MEMTRAWL_DEBUG_DIR"] = f"/nowhere:{debug_folder(tmp_path, snapshot)}"
    assert places(memtrawl.json("symbolize", "stripped", "--json")) == WITH_NAMES
    # the profile that is written has them, and all that the first one had
    memtrawl.ok("symbolize", "stripped", "-o", tmp_path / "named.pb.gz")
    named, plain = (memtrawl.json("show", name, "--json") for name in (tmp_path / "named.pb.gz", "stripped"))
    assert places(named) == WITH_NAMES
    for document in (named, plain):
        for site in document["sites"]:
            del site["frames"]
    assert named == plain


def test_program_is_elsewhere(memtrawl, snapshot, tmp_path):
    memtrawl.env["MEMTRAWL_DEBUG_DIR"] = str(debug_folder(tmp_path, snapshot))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "prog").rename(tmp_path / "elsewhere" / "prog")
    done = memtrawl("symbolize", "stripped", "-n", 1)
    assert done.stderr == missing(tmp_path, snapshot)
    assert places(memtrawl.json("symbolize", "stripped", "--path", tmp_path / "elsewhere", "--json")) == WITH_NAMES
    # another build of that name is not used
    sh("sed -i 's/1000/2000/' prog.c && gcc -O2 -g prog.c -o elsewhere/prog", tmp_path)
    done = memtrawl("symbolize", "stripped", "--path", tmp_path / "elsewhere")
    assert done.stderr == missing(tmp_path, snapshot)


def test_own_debug_information(memtrawl, snapshot, tmp_path):
    (tmp_path / "full").rename(tmp_path / "prog")
    assert places(memtrawl.json("symbolize", "stripped", "--json")) == WITH_NAMES


def test_source_lines(memtrawl, snapshot, tmp_path):
    (tmp_path / "full").rename(tmp_path / "prog")
    memtrawl.ok("symbolize", "stripped", "-o", tmp_path / "named.pb.gz")
    document = memtrawl.json("show", tmp_path / "named.pb.gz", "--source", "--json")
    sources = ["return malloc(size); /* \\033[31m */", "void *block = grab(1000 + (size_t)i);",
               "kept[i] = worker(0);"]
    assert [f["source"] for f in frames(document)] == sources + [None]
    text = memtrawl.ok("show", tmp_path / "named.pb.gz", "--source")
    for source in sources:
        assert f"\n        | {source}\n" in text
    assert "|" not in memtrawl.ok("show", tmp_path / "named.pb.gz")
    assert "source" not in frames(memtrawl.json("show", tmp_path / "named.pb.gz", "--json"))[0]
    # gone from where it was compiled, found below a folder by the end of its path; control characters are escaped
    (tmp_path / "src" / tmp_path.name).mkdir(parents=True)
    (tmp_path / "src" / tmp_path.name / "prog.c").write_text(SOURCE.replace("\\033", "\033"))
    (tmp_path / "prog.c").unlink()
    document = memtrawl.json("show", tmp_path / "named.pb.gz", "--source", "--json")
    assert [f["source"] for f in frames(document)] == [None] * 4
    text = memtrawl.ok("show", tmp_path / "named.pb.gz", f"--source={tmp_path}/src")
    assert "| return malloc(size); /* \\x1b[31m */\n" in text
