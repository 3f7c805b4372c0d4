# SPDX-License-Identifier: GPL-2.0-or-later
"""
gdb's side of the comparison: gdb -nx -q -batch -x frames.py. For each line "PID TID CALLER" of standard input it
attaches to the process, which is stopped, and answers a line of JSON: the thread's frames, innermost first, each as
[pc, type, function], and why there are no more. Inlined functions are no frames.

gdb finds all frames by itself but for two kinds, of which it is told:
- A return probe has replaced the return address in the frame of the function where the thread is, and gdb cannot know
  by what. CALLER is what was there.
- Code that was made at run time, V8's builtins (which have no unwind information either), and the copy that V8 makes
  of these, have a frame pointer. Where gdb is not told, it guesses from the code before, and goes astray.
"""
import functools
import json
import os
import sys

import gdb
from gdb.unwinder import Unwinder, register_unwinder

SAME = ("rbx", "rbp", "r12", "r13", "r14", "r15")  # what a function gives back as it was (System V ABI)


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


@functools.lru_cache(maxsize=None)
def is_builtin(pc):
    return gdb.execute(f"info symbol {pc:#x}", to_string=True).startswith("Builtins_")


class Told(Unwinder):
    """What gdb is told."""

    def __init__(self):
        super().__init__("told")
        self.page, self.caller, self.unknown = (0, 0), 0, []

    def look_at(self, pid, caller):
        self.page, self.caller, self.unknown = (0, 0), caller, []
        seen = []
        with open(f"/proc/{pid}/maps") as maps:
            for line in maps:
                addresses, rights, offset, _, inode, *path = line.split()
                if "x" not in rights:
                    continue
                start, limit = (int(number, 16) for number in addresses.split("-"))
                first, last = int(offset, 16), int(offset, 16) + limit - start
                if path == ["[uprobes]"]:
                    self.page = (start, limit)
                elif not path or any(inode == i and first < b and a < last for i, a, b in seen if i != "0"):
                    self.unknown.append((start, limit))
                seen.append((inode, first, last))

    def __call__(self, pending):
        pc = int(pending.read_register("rip"))
        if self.page[0] <= pc < self.page[1]:
            return self.return_probe(pending)
        if any(start <= pc < limit for start, limit in self.unknown) or is_builtin(pc):
            return self.frame_pointer(pending)
        return None

    def frame_pointer(self, pending):
        fp = pending.read_register("rbp")
        words = fp.cast(gdb.lookup_type("long").pointer())
        info = pending.create_unwind_info(FrameId(fp + 16, pending.read_register("rip")))
        info.add_saved_register("rip", words[1].cast(pending.read_register("rip").type))
        info.add_saved_register("rbp", words[0].cast(fp.type))
        info.add_saved_register("rsp", fp + 16)
        return info

    def return_probe(self, pending):
        """The page to which return probes lead: as a frame of no size between the function and its caller."""
        pc, sp = pending.read_register("rip"), pending.read_register("rsp")
        info = pending.create_unwind_info(FrameId(sp, pc))
        info.add_saved_register("rip", gdb.Value(self.caller).cast(pc.type))
        info.add_saved_register("rsp", sp)
        for name in SAME:
            info.add_saved_register(name, pending.read_register(name))
        return info


TYPES = {gdb.NORMAL_FRAME: "normal", gdb.SIGTRAMP_FRAME: "signal", gdb.TAILCALL_FRAME: "jumped"}


def frames(told):
    found, frame = [], gdb.newest_frame()
    while True:
        if frame.type() != gdb.INLINE_FRAME and not told.page[0] <= frame.pc() < told.page[1]:
            found.append([frame.pc(), TYPES.get(frame.type(), "?"), frame.name()])
        older = frame.older()
        if not older:
            return found, gdb.frame_stop_reason_string(frame.unwind_stop_reason())
        frame = older


def answer(told, pid, tid, caller):
    told.look_at(pid, caller)
    gdb.execute(f"attach {pid}", to_string=True)
    try:
        for thread in gdb.selected_inferior().threads():
            if thread.ptid[1] == tid:
                thread.switch()
        assert gdb.selected_thread().ptid[1] == tid
        found, why = frames(told)
        return {"frames": found, "end": why}
    finally:
        gdb.execute("detach", to_string=True)


for setting in ("pagination off", "confirm off", "debuginfod enabled off", "backtrace past-main on",
                "backtrace past-entry on", "backtrace limit 1000", "auto-load off", "print symbol-loading off"):
    gdb.execute(f"set {setting}", to_string=True)
unwinder = Told()
register_unwinder(None, unwinder)
output = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # gdb says what it does on standard output
print("ready", file=output, flush=True)
for line in iter(sys.stdin.readline, ""):
    try:
        result = answer(unwinder, *map(int, line.split()))
    except (gdb.error, AssertionError) as error:
        result = {"error": str(error)}
    print(json.dumps(result), file=output, flush=True)
