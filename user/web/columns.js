/* The columns of tables: those of the text report (user/render/text.c), for each kind of report. */
const columns = (() => {
	const {bytes, signed, seconds, count, percent} = units;

	/* `value` gives what to sort by; null is below all. */
	function column(heading, value, format, more = {}) {
		return {
			heading, value,
			text: (row) => {
				const it = value(row);

				return it === null ? "-" : format(it, row);
			},
			...more,
		};
	}

	function word(heading, value, format = (it) => it, more = {}) {
		return column(heading, value, format, {word: true, ...more});
	}

	function of(key) {
		return ({site}) => site[key];
	}

	function profile(data, pages) {
		const all = data.rows.reduce((sum, {site}) => sum + site.live_bytes, data.report.others.live_bytes);

		return [
			column(pages ? "resident" : "live", of("live_bytes"), bytes),
			column("share", ({site}) => all ? site.live_bytes / all : 0, percent),
			column(pages ? "pages" : "blocks", of("live_objects"), count),
			column(pages ? "swapped" : "at peak", of(pages ? "swapped_bytes" : "peak_bytes"), bytes),
			column(pages ? "touched" : "allocated", of("alloc_bytes"), bytes),
			column(pages ? "pages touched" : "allocs", of("alloc_objects"), count),
			column(pages ? "back" : "frees", of("free_objects"), count),
		];
	}

	function severity() {
		return word("suspect", ({site}) => model.severities.indexOf(site.leak.severity), (rank) => model.severities[rank],
			{style: ({site}) => site.leak.severity});
	}

	function proof(data) {
		if (!data.rows.some(({site}) => site.leak.unreachable_ratio !== null))
			return [];
		return [column("unreachable", ({site}) => site.leak.unreachable_ratio, percent)];
	}

	function leaks(data, pages) {
		return [
			severity(),
			column("sure", ({site}) => site.leak.confidence, (ratio) => `${(100 * ratio).toFixed(0)} %`),
			word("pattern", ({site}) => site.leak.pattern),
			column("growth/h", ({site}) => site.leak.growth_bytes_per_hour, bytes),
			column(pages ? "resident" : "live", of("live_bytes"), bytes),
			column(pages ? "pages" : "blocks", of("live_objects"), count),
			column(pages ? "touched" : "allocs", of("alloc_objects"), count),
			column(pages ? "back" : "frees", of("free_objects"), count),
			column("oldest", of("oldest_age_seconds"), seconds),
			...proof(data),
		];
	}

	function relative(live) {
		if (!live.before && live.after)
			return Infinity;
		return live.change ? live.relative : 0;
	}

	function relativeWords(value, {site: {live_bytes: live}}) {
		if (value === Infinity)
			return "new";
		if (live.before && !live.after)
			return "gone";
		return value ? `${value > 0 ? "+" : ""}${Math.min(100 * value, 99999).toFixed(1)} %` : "-";
	}

	function diff(data, pages) {
		return [
			column("change", ({site}) => site.live_bytes.change, (change) => signed(change, bytes)),
			column("relative", ({site}) => relative(site.live_bytes), relativeWords),
			column("before", ({site}) => site.live_bytes.before, bytes),
			column("after", ({site}) => site.live_bytes.after, bytes),
			column(pages ? "pages" : "blocks", ({site}) => site.live_objects.change, (change) => signed(change, count)),
			column(pages ? "touched" : "allocated", ({site}) => site.alloc_bytes.change, (change) => signed(change, bytes)),
		];
	}

	function reach() {
		const from = (key) => ({site}) => site.reach[key];

		return [
			column("definitely", from("definitely_lost_bytes"), bytes),
			column("blocks", from("definitely_lost_objects"), count),
			column("leads to", from("behind_bytes"), bytes),
			column("blocks led to", from("behind_objects"), count),
			column("indirectly", from("indirectly_lost_bytes"), bytes),
			column("possibly", from("possibly_lost_bytes"), bytes),
			column("reachable", from("reachable_bytes"), bytes),
			column("oldest", of("oldest_age_seconds"), seconds),
		];
	}

	const kinds = {profile, leaks, diff, reach};

	function ofReport(data) {
		return kinds[data.kind](data, data.subject.source === "pages");
	}

	function ofMapped(data) {
		const all = data.report.mappings.totals.live_bytes;

		return [
			column("live", of("live_bytes"), bytes),
			column("share", ({site}) => all ? site.live_bytes / all : 0, percent),
			column("mappings", of("live_count"), count),
			column("allocated", of("alloc_bytes"), bytes),
			column("calls", of("alloc_count"), count),
		];
	}

	return {ofReport, ofMapped};
})();
