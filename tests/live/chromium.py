# SPDX-License-Identifier: GPL-2.0-or-later
"""
A page in Chromium, driven by its debugging protocol (https://chromedevtools.github.io/devtools-protocol/) over a pipe:
messages are JSON, each with a NUL at its end; the browser reads them from descriptor 3 and writes to 4.
"""
import json
import os
import select
import shutil
import subprocess
import time

BINARY = shutil.which("chromium")
LIMIT = 30  # seconds that anything may take


def _place(descriptors):
    """In the browser's process, before it begins: the pipe's ends become 3 and 4."""
    def place():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(descriptors)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
            os.close(fd)
    return place


class Browser:
    """Chromium without a window, and one page in it. A context manager, that leaves no process and no file behind."""

    def __init__(self, directory, *more):
        theirs_in, self.to = os.pipe()
        self.of, theirs_out = os.pipe()
        self.process = subprocess.Popen(
            [BINARY, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", f"--user-data-dir={directory}",
             *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=_place((theirs_in, theirs_out)), start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.events, self.number, self.session = b"", [], 0, None

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        os.close(self.to)  # Chromium ends when its pipe does
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.of)

    # ---- the protocol

    def _receive(self, timeout):
        """The next message, or None."""
        end = time.monotonic() + timeout
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.of], [], [], max(0, end - time.monotonic()))
            if not ready:
                return None
            chunk = os.read(self.of, 1 << 20)
            if not chunk:
                raise EOFError("chromium ended")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        """A command; returns its result. What happens meanwhile goes to `events`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while answer := self._receive(LIMIT):
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)
        raise TimeoutError(method)

    def named(self, *methods):
        """The events of these names so far."""
        return [event for event in self.events if event["method"] in methods]

    # ---- a page

    def open(self, path, width=1200, height=900):
        """Opens a file; returns the seconds until its script has run and what it made is drawn."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.events.clear()
        start = time.monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not self.named("Page.loadEventFired"):
            message = self._receive(LIMIT)
            assert message, f"{path} does not load"
            self.events.append(message)
        self.drawn()
        return time.monotonic() - start

    def drawn(self):
        """Until what was done is on the screen."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def run(self, expression):
        """The value of a JavaScript expression, which JSON must have a word for; of a promise, what it comes to."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def text(self, selector):
        """The text of the first such element."""
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText.trim())")

    def box(self, selector):
        """Where it is, once it has been brought into view: x, y, width, height."""
        return self.run(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: "center"}});
            const {{x, y, width, height}} = element.getBoundingClientRect();
            return [x, y, width, height];
        }})()""")

    # ---- what a person does

    def click(self, selector, x=None, y=None):
        """On its middle, or so far into it."""
        left, top, width, height = self.box(selector)
        at = {"x": left + (width / 2 if x is None else x), "y": top + (height / 2 if y is None else y)}
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)
        self.drawn()

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if (key, kind) == ("Enter", "keyDown") else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **text)
        self.drawn()

    def type(self, selector, text):
        """Instead of what is in the field."""
        if not text:
            return self.choose(selector, "")
        self.click(selector)
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)
        return self.drawn()

    def choose(self, selector, value):
        """Of a select or a slider; or what is in a field."""
        self.run(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.value = {json.dumps(value)};
            element.dispatchEvent(new Event("input", {{bubbles: true}}));
            element.dispatchEvent(new Event("change", {{bubbles: true}}));
        }})()""")
        self.drawn()
