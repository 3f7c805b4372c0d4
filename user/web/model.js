/* The report's data (user/render/html.c), with frames as they are shown and searched for. */
const model = (() => {
	const severities = ["none", "low", "medium", "high", "critical"];

	/* As in the text report: controls, and what changes the direction of writing, act on nobody (user/render/pieces.c). */
	function escape(text) {
		return text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
			const code = c.charCodeAt(0), digits = code < 0x100 ? 2 : 4;

			return `\\${digits === 2 ? "x" : "u"}${code.toString(16).padStart(digits, "0")}`;
		});
	}

	function basename(path) {
		const name = path.slice(path.lastIndexOf("/") + 1);

		return name || path;
	}

	function nameOf(frame) {
		const offset = frame.offset === null ? null : `0x${frame.offset.toString(16)}`;

		if (frame.function !== null)
			return frame.function;
		if (frame.object !== null)
			return offset ? `${basename(frame.object)}+${offset}` : frame.object;
		return offset || frame.file || "[no stack]";
	}

	function placeOf(frame) {
		if (frame.function === null)
			return "";
		if (frame.file !== null)
			return frame.line ? `${frame.file}:${frame.line}` : frame.file;
		return frame.object === null ? "" : basename(frame.object);
	}

	function readFrame(frame) {
		const name = escape(nameOf(frame)), place = escape(placeOf(frame));
		const object = frame.object === null ? "" : escape(frame.object);

		return {
			name, place, object,
			source: frame.source ? escape(frame.source) : "",
			inlined: frame.inlined,
			text: `${name}\n${place}\n${object}`.toLowerCase(),
		};
	}

	/* A row is a site; a stack is never empty here. */
	function readRows(sites, noStack) {
		return sites.map((site, index) => ({
			index, site,
			frames: site.frames.length ? site.frames : [noStack],
		}));
	}

	function read(text) {
		const data = JSON.parse(text), report = data.report;
		const frames = data.frames.map(readFrame);
		const noStack = frames.length;

		frames.push({name: "[no stack]", place: "", object: "", source: "", inlined: false, text: "[no stack]"});
		return {
			summary: data.summary, report, frames,
			kind: report.schema.replace(/^memtrawl\.|\/.*$/g, ""),
			subject: report.after || report,
			looks: report.looks || [],
			rows: readRows(report.sites, noStack),
			mapped: report.mappings ? readRows(report.mappings.sites, noStack) : [],
		};
	}

	/* Which frames hold the text, by their indices; null for no text, which all do. */
	function search(frames, text) {
		const wanted = text.trim().toLowerCase();

		return wanted ? Uint8Array.from(frames, (frame) => frame.text.includes(wanted)) : null;
	}

	/* The same of rows: those with such a frame. */
	function matchRows(rows, matches) {
		return matches && Uint8Array.from(rows, (row) => row.frames.some((frame) => matches[frame]));
	}

	return {read, search, matchRows, escape, basename, severities};
})();
