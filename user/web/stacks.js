/* What a row shows when it is open: its whole stack, how it grew, and its figures beside the columns. */
const stacks = (() => {
	const {make} = elements;

	function frameOf(frame, match) {
		const parts = [make("span", {class: match ? "match" : null}, frame.name)];

		if (frame.place)
			parts.push(" ", make("span", {class: "place"}, frame.place));
		if (frame.inlined)
			parts.push(" ", make("span", {class: "place"}, "(inlined)"));
		if (frame.source)
			parts.push(make("pre", {}, frame.source));
		return make("li", {title: frame.object || null}, ...parts);
	}

	function framesOf(data, row, matches) {
		return make("ol", {class: "frames", "aria-label": "stack, innermost first"},
			...row.frames.map((frame) => frameOf(data.frames[frame], matches && matches[frame])));
	}

	function leakWords({leak}) {
		const words = [`growth ${units.bytes(leak.growth_low_bytes_per_hour)}/h to ` +
			`${units.bytes(leak.growth_high_bytes_per_hour)}/h (95 %)`,
		`${units.bytes(leak.projected_24h_bytes)} in 24 hours at this rate`,
		`${units.percent(leak.retained_ratio)} of what it allocated still lives`];

		return words.join("; ");
	}

	function notesOf(data, row) {
		const site = row.site, notes = [];

		if (site.leak)
			notes.push(leakWords(site));
		if (site.live_bytes_stderr)
			notes.push(`live \u00b1${units.bytes(site.live_bytes_stderr)}`);
		if (site.resident_bytes !== undefined && data.subject.resident && data.subject.source === "heap")
			notes.push(`${units.bytes(site.resident_bytes)} of what lives is resident`);
		if (site.stacks > 1)
			notes.push(`${units.count(site.stacks)} stacks`);
		notes.push(`id ${site.id}`);
		return make("p", {class: "note"}, notes.join("; "));
	}

	function seriesOf(data, row) {
		if (!row.site.series || data.looks.length < 2)
			return [];
		return [chart.create({
			title: "what this site held over time",
			seconds: data.looks.map((look) => look.seconds),
			lines: [{name: "this site", kind: "site", values: row.site.series.live_bytes}],
		}, 140)];
	}

	/* matches: of frames, or null */
	function details(data, row, matches) {
		return [framesOf(data, row, matches), ...seriesOf(data, row), notesOf(data, row)];
	}

	return {details};
})();
