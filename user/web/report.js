/* The page as a whole: what is on it, and how its parts act on each other. */
const page = (() => {
	const {make, byId, show} = elements;

	/* ---- what was looked at */

	/* "  live    3.0 MiB in ..." is a fact, of which the first word or words are the name; other lines are text. */
	function factOf(line) {
		return /^ {2}(\S.*?) {2,}(.*)$/.exec(line) || /^ {2}(.{7}) (.*)$/.exec(line);
	}

	function factsOf(summary) {
		const parts = [];
		let list = null;

		for (const line of summary.split("\n").filter(Boolean)) {
			const fact = factOf(line);

			if (!fact) {
				parts.push(make("p", {}, line.trim()));
				list = null;
				continue;
			}
			if (!list)
				parts.push(list = make("dl", {class: "facts"}));
			list.append(make("dt", {}, fact[1]), make("dd", {}, fact[2]));
		}
		return parts;
	}

	function titleOf(data) {
		const {process} = data.subject, exe = process.exe === null ? null : model.basename(process.exe);
		const name = model.escape(process.comm ?? exe ?? "a process without a name");
		const what = {profile: "Memory of", leaks: "Leaks of", reach: "Lost memory of", diff: "Changes in"}[data.kind];

		return `${what} ${name}${process.pid ? ` [${process.pid}]` : ""}`;
	}

	function showSubject(data) {
		document.title = `${titleOf(data)} - memtrawl`;
		byId("title").textContent = titleOf(data);
		byId("facts").replaceChildren(...factsOf(data.summary));
	}

	/* ---- over time */

	function showCourse(data) {
		const pages = data.subject.source === "pages", values = (key) => data.looks.map((look) => look[key]);

		if (data.looks.length < 2)
			return;
		show("course");
		byId("chart").append(chart.create({
			title: "RSS and live memory over time",
			seconds: values("seconds"),
			lines: [
				{name: "RSS", kind: "rss", values: values("rss_bytes")},
				{name: pages ? "private pages" : "heap", kind: "heap", values: values("live_bytes")},
			],
		}, 220));
	}

	/* ---- sites */

	const nothing = {
		leaks: "No suspects: nothing that was allocated in the window still lives.",
		diff: "No difference.",
		reach: "Nothing is lost: pointers lead to all blocks that were allocated while memtrawl watched and still live.",
		profile: "No sites.",
	};

	function othersWords(data) {
		const {live_bytes: live, alloc_bytes: allocated, stacks: count} = data.report.others;

		if (data.kind === "diff")
			return live.after || live.change ? `Not shown: ${units.bytes(live.after)} live, change ` +
				`${units.signed(live.change, units.bytes)}.` : "";
		if (!live && !allocated)
			return "";
		return `Not shown: ${units.bytes(live)} live, ` +
			(count ? `${units.count(count)} other stack${count === 1 ? "" : "s"}.` : "without a stack.");
	}

	function showSites(data, state) {
		show("sites");
		byId("sites-title").textContent = `Call sites (${units.count(data.rows.length)})`;
		if (!data.rows.length) {
			byId("sites-table").append(make("p", {class: "empty"}, nothing[data.kind]));
			return null;
		}
		const sites = table.create({
			rows: data.rows, frames: data.frames, columns: columns.ofReport(data), heading: data.report.group_by,
			details: (row) => stacks.details(data, row, state.matches),
		});

		byId("sites-table").append(sites.element);
		return sites;
	}

	/* ---- what text reports have below */

	function listOf(heading, headings, rows) {
		const cells = (name, row) => row.map((text, i) =>
			make(name, {class: i === row.length - 1 && "word"}, text));

		return [make("h2", {}, heading), make("div", {class: "scrolled"}, make("table", {},
			make("thead", {}, make("tr", {}, ...cells("th", headings))),
			make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row))))))];
	}

	function suppressedOf({report}) {
		const used = (report.suppressed || []).filter((each) => each.stacks);

		return used.length ? listOf("Known leaks, left out", ["stacks", "blocks", "live", "suppressed by"],
			used.map((each) => [units.count(each.stacks), units.count(each.live_objects), units.bytes(each.live_bytes),
				`leak:${model.escape(each.pattern)}`])) : [];
	}

	function namedOf({subject, kind}) {
		const named = kind !== "diff" && subject.resident ? subject.resident.named : [];

		return named.length ? listOf("Files, and shared memory", ["resident", "name"], named.map((each) =>
			[units.bytes(each.resident_bytes), model.escape(each.name ?? "") + (each.shared ? " (shared)" : "")])) : [];
	}

	function notMapped(others) {
		return others.live_bytes || others.alloc_bytes ? `Not shown: ${units.bytes(others.live_bytes)} live.` : "";
	}

	function mappedOf(data) {
		return data.mapped.length ? [
			make("h2", {}, "Mapped memory"),
			make("p", {class: "note"}, "By mmap and brk, touched or not; the allocator's own memory is in here, too: not to " +
				"be added to the heap's."),
			table.create({
				rows: data.mapped, frames: data.frames, columns: columns.ofMapped(data), heading: "stack",
				details: (row) => stacks.details(data, row, null),
			}).element,
			make("p", {class: "note"}, notMapped(data.report.mappings.others))] : [];
	}

	function showMore(data) {
		const parts = [...suppressedOf(data), ...namedOf(data), ...mappedOf(data)];

		if (!parts.length)
			return;
		show("more");
		byId("more").append(...parts);
	}

	/* ---- the flame graph's controls */

	function timesOf(data) {
		return [Number(byId("from").value), Number(byId("to").value)].map((i) => Math.min(i, data.looks.length - 1));
	}

	/* One time cannot pass the other: it takes that along. */
	function keepOrder(moved) {
		const from = byId("from"), to = byId("to");

		if (Number(from.value) < Number(to.value))
			return;
		if (moved === from)
			to.value = String(Number(from.value) + 1);
		else
			from.value = String(Number(to.value) - 1);
		if (from.value === to.value) /* at an end there is no room */
			moved.value = String(Number(moved.value) + (moved === from ? -1 : 1));
	}

	function chosenWeight(data, all) {
		const chosen = all.find((weight) => weight.id === byId("weight").value);
		const [from, to] = timesOf(data);

		byId("times").hidden = chosen.id !== "growth";
		if (chosen.id !== "growth")
			return chosen;
		byId("from-time").textContent = units.seconds(data.looks[from].seconds);
		byId("to-time").textContent = units.seconds(data.looks[to].seconds);
		return weights.growth(from, to);
	}

	function showFlame(data, state) {
		const all = weights.ofReport(data), last = String(Math.max(0, data.looks.length - 1));
		const graph = flame.create(byId("graph"), data.rows, data.frames);
		const weigh = () => graph.weigh(chosenWeight(data, all), state.matches, state.matchedRows);

		show("flame");
		byId("weight").append(...all.map((weight) => make("option", {value: weight.id}, weight.name)));
		byId("weight").addEventListener("change", weigh);
		for (const id of ["from", "to"]) {
			byId(id).max = last;
			byId(id).value = id === "from" ? "0" : last;
			byId(id).addEventListener("input", (event) => {
				keepOrder(event.target);
				weigh();
			});
		}
		weigh();
		return weigh;
	}

	/* ---- searching */

	function foundWords(data, state) {
		if (!state.matches)
			return "";
		const found = state.matchedRows.reduce((sum, matched) => sum + matched, 0);

		return `${units.count(found)} of ${units.count(data.rows.length)} sites`;
	}

	function listenToSearch(data, state, sites, weigh) {
		show("searching");
		byId("search").addEventListener("input", (event) => {
			state.matches = model.search(data.frames, event.target.value);
			state.matchedRows = model.matchRows(data.rows, state.matches);
			byId("found").textContent = foundWords(data, state);
			sites.filter(state.matchedRows);
			weigh();
		});
	}

	function showReport(text) {
		const data = model.read(text), state = {matches: null, matchedRows: null};

		showSubject(data);
		showCourse(data);
		const sites = showSites(data, state);

		byId("others").textContent = othersWords(data);
		showMore(data);
		if (sites)
			listenToSearch(data, state, sites, showFlame(data, state));
	}

	return {showReport};
})();

try {
	page.showReport(document.getElementById("data").textContent);
} catch (error) {
	document.getElementById("failure").textContent = `This report cannot be shown: ${error.message}`;
	document.getElementById("failure").hidden = false;
	throw error;
}
