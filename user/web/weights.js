/* What the frames of the flame graph can be as wide as. */
const weights = (() => {
	const {bytes} = units;

	function perSecond(value) {
		return `${bytes(value)}/s`;
	}

	/* `of` gives a site's weight, `others` that of what no row shows. */
	function simple(id, name, key, others, format = bytes) {
		return {id, name, format, of: (site) => site[key], others: others[key]};
	}

	function rate(data) {
		const seconds = data.subject.window.seconds;

		return {
			id: "rate", name: "allocation rate", format: perSecond,
			of: (site) => site.alloc_bytes / seconds,
			others: data.report.others.alloc_bytes / seconds,
		};
	}

	/* Between two looks; what shrank weighs nothing. */
	function growth(from, to) {
		return {
			id: "growth", name: "growth", format: bytes, others: 0,
			of: ({series}) => series ? series.live_bytes[to] - series.live_bytes[from] : 0,
		};
	}

	function ofDiff({live_bytes: others}) {
		return [
			{id: "change", name: "growth", format: bytes, of: (site) => site.live_bytes.change, others: others.change},
			{id: "after", name: "live after", format: bytes, of: (site) => site.live_bytes.after, others: others.after},
			{id: "before", name: "live before", format: bytes, of: (site) => site.live_bytes.before,
				others: others.before},
		];
	}

	/* The first is that which the report is about. */
	function ofReport(data) {
		const others = data.report.others, all = [];

		if (data.kind === "diff")
			return ofDiff(others);
		if (data.kind === "reach")
			all.push({id: "lost", name: "definitely lost bytes", format: bytes, others: 0,
				of: ({reach}) => reach.definitely_lost_bytes});
		all.push(simple("live", data.subject.source === "pages" ? "resident bytes" : "live bytes", "live_bytes", others));
		if (data.looks.length > 1)
			all.push(growth(0, data.looks.length - 1));
		if (data.subject.window.seconds > 0)
			all.push(rate(data));
		return all;
	}

	return {ofReport, growth};
})();
