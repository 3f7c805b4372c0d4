# SPDX-License-Identifier: GPL-2.0-or-later
"""The page that --format html makes, in Chromium: what it shows, and what it does when it is used."""
import subprocess
import time

import pytest

import chromium
from memtrawl import BUILD

pytestmark = pytest.mark.skipif(not chromium.BINARY, reason="chromium is not installed")

LARGE = 10_000
USABLE = 3  # seconds until a page with so many sites can be used
MiB = 1 << 20


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.Browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes a page: of the unit tests' profile (sites=0), or of a large one."""
    folder, pages = tmp_path_factory.mktemp("pages"), {}

    def make(kind, sites=0):
        path = folder / f"{kind}-{sites}.html"
        if (kind, sites) not in pages:
            subprocess.run([BUILD / "tests/live/make_report", kind, str(sites), path], check=True)
        return pages.setdefault((kind, sites), path)
    return make


def messages(browser):
    """What went wrong in the page: in its console, or by its policy. That pixels are read is these tests' doing."""
    return [event for event in browser.named("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
            if "willReadFrequently" not in str(event)]


@pytest.fixture
def opened(browser, made):
    """Opens a page; in the end nothing must have gone wrong in it, and nothing been asked for but the file itself."""
    paths = []

    def open_page(kind, sites=0, **size):
        paths.append(made(kind, sites))
        browser.open(paths[-1], **size)
        return browser
    yield open_page
    assert not messages(browser)
    requests = [event["params"]["request"]["url"] for event in browser.named("Network.requestWillBeSent")]
    assert requests == [paths[-1].as_uri()]


def first_words(page):
    """Of the rows that are listed: the name of the innermost frame."""
    return [words.split(" < ")[0] for words in page.texts("tr.row .stack button")]


def lines_in(page, selector):
    """The lines of a chart: which, and of how many points."""
    return page.run(f"""[...document.querySelectorAll("{selector} polyline")].map((line) =>
        [line.getAttribute("class"), line.points.length])""")


LEAK, CACHE, VECTOR, CUT = ("session_new", "cache_fill",
                            "std::__new_allocator<int>::allocate(unsigned long, void const*)", "libgrow.so.1+0x2345")


# ---- what is shown

def test_facts_are_those_of_the_text_report(opened):
    page = opened("leaks")
    assert page.run("document.title") == "Leaks of server [812] - memtrawl"
    assert page.text("#facts p") == "server [812] on db1: /usr/bin/server --port 80"
    assert page.texts("#facts dt") == ["window", "live", "churn", "rss", "kernel", "growth", "limit", "lost"]
    assert page.texts("#facts dd")[1] == "7.1 MiB in 4074 blocks, peak 9.0 MiB"
    assert page.texts("#facts dd")[6] == "cgroup /web: 600.0 MiB of 1.0 GiB used, full in 56m32s at this rate"


@pytest.mark.parametrize("kind, headings, row", [
    ("leaks", ["suspect", "sure", "pattern", "growth/h", "live", "blocks", "allocs", "frees", "oldest", "stack"],
     ["critical", "88 %", "steady leak", "360.0 MiB", "3.0 MiB", "3,072", "3,072", "0", "29.5 s",
      "session_new < accept_client < main"]),
    ("profile", ["live", "share", "blocks", "at peak", "allocated", "allocs", "frees", "stack"],
     ["4.0 MiB", "56.6 %", "1,000", "6.0 MiB", "200.0 MiB", "50,000", "49,000", "cache_fill < main"]),
    ("diff", ["change", "relative", "before", "after", "blocks", "allocated", "stack"],
     ["-4.0 MiB", "-50.0 %", "8.0 MiB", "4.0 MiB", "0", "0 B", "cache_fill < main"]),
    ("reach", ["definitely", "blocks", "leads to", "blocks led to", "indirectly", "possibly", "reachable", "oldest",
               "stack"],
     ["1.0 MiB", "1,024", "64.0 KiB", "1", "0 B", "0 B", "2.0 MiB", "29.5 s", "session_new < accept_client < main"]),
])
def test_columns_are_those_of_the_text_report(opened, kind, headings, row):
    page = opened(kind)
    assert page.texts("#sites thead th") == headings
    assert page.texts("tr.row:first-child td") == row


def test_chart_has_a_point_for_each_look(opened):
    page = opened("leaks")
    assert lines_in(page, "#chart") == [["rss", 16], ["heap", 16]]
    assert page.texts("#chart .legend span") == ["RSS 64.0 MiB", "heap 7.0 MiB", "at 30.0 s"]
    axes = page.run("[...document.querySelectorAll('#chart text')].map(t => t.textContent)")
    assert axes == ["0", "16 MiB", "32 MiB", "48 MiB", "64 MiB", "0", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s"]


def test_no_chart_without_looks(opened):
    page = opened("profile")
    assert page.run("document.getElementById('course').hidden")
    assert page.texts("#weight option") == ["live bytes", "allocation rate"]


def test_page_of_a_file(memtrawl, browser, tmp_path):
    """As `show` writes it, with as many rows as -n says, and what they leave out."""
    subprocess.run([BUILD / "tests/live/make_profile", tmp_path / "x.pb.gz"], check=True)
    memtrawl.ok("show", tmp_path / "x.pb.gz", "-n", 3, "-o", tmp_path / "x.html")
    browser.open(tmp_path / "x.html")
    assert first_words(browser) == [CACHE, LEAK, VECTOR]
    assert browser.text("#others") == "Not shown: 1000 B live, 1 other stack."
    assert memtrawl.ok("show", tmp_path / "x.pb.gz", "-n", 3, "--format", "html") == (tmp_path / "x.html").read_text()
    assert "as text, json or csv" in memtrawl("list", "--format", "html").stderr


def test_what_is_below_the_text_report(opened):
    """Files and mapped memory; the latter's rows open, too."""
    page = opened("mapped")
    assert page.texts("#more h2") == ["Files, and shared memory", "Mapped memory"]
    assert page.texts("#more > .scrolled td") == ["3.0 MiB", "/usr/bin/server", "1.0 MiB", "/dev/shm/x (shared)"]
    assert page.texts("#more .sites tr.row td") == ["32.0 MiB", "100.0 %", "1", "64.0 MiB", "3", "cache_fill < main",
                                                    "0 B", "0.0 %", "0", "1.0 MiB", "2", "libgrow.so.1+0x2345 < [truncated]"]
    page.click("#more tr.row .stack button")
    assert page.texts("#more .frames li") == ["cache_fill cache.c:33", "main server.c:90"]


# ---- the table

def test_search_filters_rows_by_any_frame(opened):
    page = opened("leaks")
    for text, names in (("ACCEPT_client", [LEAK]), ("cache.c:33", [CACHE]), ("libgrow", [VECTOR, CUT]),
                        ("no such thing", []), ("", [LEAK, CACHE, VECTOR, CUT])):
        page.type("#search", text)
        assert first_words(page) == names
        assert page.text("#found") == (f"{len(names)} of 4 sites" if text else "")


def test_headings_sort(opened):
    page = opened("leaks")
    for clicks, heading, order in ((1, "live", [CACHE, LEAK, VECTOR, CUT]), (2, "live", [CUT, VECTOR, LEAK, CACHE]),
                                   (1, "frees", [CACHE, VECTOR, LEAK, CUT]), (1, "oldest", [LEAK, VECTOR, CACHE, CUT]),
                                   (1, "suspect", [LEAK, CACHE, VECTOR, CUT])):
        page = opened("leaks")
        column = page.texts("#sites thead th").index(heading) + 1
        for _ in range(clicks):
            page.click(f"#sites th:nth-child({column}) button")
        assert first_words(page) == order, heading
        assert page.run(f"document.querySelector('#sites th:nth-child({column})').ariaSort") == \
            ("descending" if clicks == 1 else "ascending")


def test_rows_open_to_the_whole_stack(opened):
    page = opened("leaks")
    assert not page.texts(".frames")
    page.click("tr.row .stack button")
    assert page.texts(".frames li") == ["session_new session.h:17 (inlined)", "accept_client server.c:55",
                                        "main server.c:90"]
    assert lines_in(page, ".opened") == [["site", 16]]
    assert page.run("document.activeElement.ariaExpanded") == "true"
    page.press("Enter")
    assert not page.texts(".frames")


# ---- the flame graph

ROW = 19  # pixels


def width_at(page, depth, x):
    """How wide the frame at x, y is on the canvas: pixels of its colour on both sides."""
    return page.run(f"""(() => {{
        const canvas = document.getElementById("graph"), y = {depth} * {ROW} + 1;
        const line = canvas.getContext("2d").getImageData(0, y, canvas.width, 1).data;
        const same = (i) => [0, 1, 2, 3].every((c) => line[4 * i + c] === line[4 * {x} + c]);
        let from = {x}, to = {x};

        while (from > 0 && same(from - 1))
            from--;
        while (to < canvas.width && same(to))
            to++;
        return to - from;
    }})()""")


def test_flame_graph_zooms(opened):
    page = opened("leaks")
    whole = page.run("document.getElementById('graph').clientWidth")
    assert page.text("#zoomed") == "all: 7.1 MiB, 100.0 % of all"
    assert abs(width_at(page, 0, 5) - whole) <= 1
    assert abs(width_at(page, 2, 5) - whole * 3 * MiB / 7406568) <= 1.5  # but for the gap: accept_client, left of cache_fill
    page.click("#graph", x=5, y=2 * ROW + 9)
    assert page.text("#zoomed") == "accept_client: 3.0 MiB, 42.5 % of all"
    assert abs(width_at(page, 2, 5) - whole) <= 1
    assert abs(width_at(page, 3, 5) - whole) <= 1
    page.click("#graph", x=5, y=ROW + 9)
    assert page.text("#zoomed") == "main: 7.1 MiB, 100.0 % of all"
    page.click("#reset")
    assert page.text("#zoomed") == "all: 7.1 MiB, 100.0 % of all"


def test_flame_graph_goes_by_keys(opened):
    page = opened("leaks")
    page.run("document.getElementById('graph').focus()")
    for key, frame in (("ArrowDown", "main: 7.1 MiB"), ("ArrowDown", "cache_fill: 4.0 MiB"),
                       ("ArrowLeft", "accept_client: 3.0 MiB"), ("ArrowDown", "session_new: 3.0 MiB"),
                       ("ArrowUp", "accept_client: 3.0 MiB")):
        page.press(key)
        assert page.text("#pointed").split(",")[0] == frame
    page.press("Enter")
    assert page.text("#zoomed").startswith("accept_client: ")
    page.press("Escape")
    assert page.text("#zoomed").startswith("all: ")


def test_search_tells_the_matched_share(opened):
    page = opened("leaks")
    before = width_at(page, 2, 5)
    page.type("#search", "accept_client")
    assert page.text("#matched") == "matched: 3.0 MiB, 42.5 %"
    assert width_at(page, 2, 5) == before
    page.choose("#weight", "rate")  # 3 MiB of 203.1 MiB that were allocated
    assert page.text("#matched") == "matched: 102.4 KiB/s, 1.5 %"
    page.type("#search", "")
    assert page.text("#matched") == ""


def test_weights(opened):
    """By the fixture: in 30 seconds the leak grew by 3 MiB, evenly, the cache in the first ten by 4 MiB."""
    page = opened("leaks")
    assert page.texts("#weight option") == ["live bytes", "growth", "allocation rate"]
    page.choose("#weight", "rate")
    assert page.text("#zoomed") == "all: 6.8 MiB/s, 100.0 % of all"
    page.choose("#weight", "growth")
    assert page.text("#zoomed") == "all: 7.0 MiB, 100.0 % of all"
    page.choose("#from", "10")
    assert (page.text("#from-time"), page.text("#to-time")) == ("20.0 s", "30.0 s")
    assert page.text("#zoomed") == "all: 1.0 MiB, 100.0 % of all"
    page.choose("#to", "5")  # takes the other along
    assert (page.text("#from-time"), page.text("#to-time")) == ("8.0 s", "10.0 s")
    assert page.text("#zoomed") == "all: 1.0 MiB, 100.0 % of all"
    page.choose("#from", "15")  # the last
    assert (page.text("#from-time"), page.text("#to-time")) == ("28.0 s", "30.0 s")
    assert page.text("#zoomed") == "all: 204.8 KiB, 100.0 % of all"


def test_weights_of_a_diff(opened):
    page = opened("diff")
    assert page.text("#zoomed") == "all: 1.5 MiB, 100.0 % of all"
    page.choose("#weight", "before")
    assert page.text("#zoomed") == "all: 9.6 MiB, 100.0 % of all"


# ---- all of it

def test_hostile_names_are_text(opened):
    page = opened("hostile")
    assert page.run("document.title") == "Memory of </title>& [1] - memtrawl"
    assert page.run("document.scripts.length") == 2
    assert page.run("document.querySelectorAll('img, a, b').length") == 0
    assert page.texts("#facts dt") == ["window", "ended", "live", "churn"]
    assert page.texts("tr.row .stack button")[0] == "</script><script>document.title='owned'</script> <b>.c:1"
    page.type("#search", "<img src=")
    assert page.text("#found") == "1 of 4 sites"
    page.click("tr.row .stack button")
    assert len(page.texts(".frames li")) == 1


def test_policy_lets_no_other_script_run(browser, made):
    browser.open(made("profile"))
    browser.run("""(() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
    })()""")
    assert browser.run("document.title") == "Memory of server [812] - memtrawl"
    assert [event["params"]["entry"]["source"] for event in messages(browser)] == ["security"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_scheme(opened, browser, scheme):
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page = opened("leaks")
    ground, text = page.run("""["backgroundColor", "color"].map((name) =>
        getComputedStyle(document.documentElement)[name].match(/\\d+/g).reduce((sum, c) => sum + Number(c), 0))""")
    assert abs(ground - text) > 3 * 150
    assert (ground > text) == (scheme == "light")


def test_nothing_is_wider_than_a_phone(opened):
    page = opened("leaks", width=360, height=700)
    page.click("tr.row .stack button")
    assert page.run("document.documentElement.scrollWidth") == 360
    assert page.run("document.querySelector('.scrolled').scrollWidth <= document.querySelector('.scrolled').clientWidth")
    assert page.texts(".frames li")[0].startswith("session_new")


def test_many_sites(browser, made):
    """Other work may go on on this machine: the best of three counts."""
    path = made("leaks", LARGE)
    seconds = []
    while len(seconds) < 3 and min(seconds, default=USABLE) >= USABLE:
        seconds.append(browser.open(path))
    assert browser.text("#sites-title") == f"Call sites ({LARGE:,})"
    start = time.monotonic()
    browser.type("#search", "level_11::handler_77")
    found = time.monotonic() - start
    assert browser.text("#found") == f"111 of {LARGE:,} sites"  # 77, 770 to 779, 7700 to 7799
    start = time.monotonic()
    browser.click("#sites th:nth-child(5) button")
    ordered = time.monotonic() - start
    assert len(browser.texts("tr.row")) == 20
    assert browser.text(".pager output") == f"1 to 20 of 111, of {LARGE:,}"
    start = time.monotonic()
    browser.choose("#weight", "growth")
    weighed = time.monotonic() - start
    assert browser.run("document.getElementsByTagName('*').length") < 1000
    assert not messages(browser)
    print(f"\n{LARGE} sites, {path.stat().st_size / 1e6:.1f} MB: usable after {' '.join(f'{s:.2f}' for s in seconds)} s, "
          f"search {found:.2f} s, sort {ordered:.2f} s, another weight {weighed:.2f} s")
    assert min(seconds) < USABLE
