/* Lines over time, with axes, in a drawing that is as wide as there is room. */
const chart = (() => {
	const {make, shape} = elements;
	const left = 76, right = 12, top = 8, bottom = 24; /* around the lines, where the axes are written */

	function scalesOf(data, width, height) {
		const most = Math.max(1, ...data.lines.flatMap((line) => line.values));
		const step = units.byteStep(most, 5), limit = Math.ceil(most / step) * step;
		const span = data.seconds[data.seconds.length - 1] || 1;

		return {
			width, height, step, limit, span,
			x: (seconds) => left + (width - left - right) * seconds / span,
			y: (bytes) => height - bottom - (height - top - bottom) * bytes / limit,
		};
	}

	function horizontal({width, x, y, step, limit}) {
		const parts = [];

		for (let bytes = 0; bytes <= limit; bytes += step)
			parts.push(
				shape("line", {class: "grid", x1: x(0), x2: width - right, y1: y(bytes), y2: y(bytes)}),
				shape("text", {class: "bytes", x: left - 8, y: y(bytes) + 4, "text-anchor": "end"},
					units.tick(bytes, units.bytes)));
		return parts;
	}

	function vertical({width, height, x, span}) {
		const step = units.timeStep(span, Math.max(3, (width - left) / 90)), parts = [];

		for (let i = 0; i * step <= span * 1.0001; i++) {
			const at = x(i * step), end = at > width - 40;

			parts.push(
				shape("line", {class: "grid", x1: at, x2: at, y1: height - bottom, y2: height - bottom + 4}),
				shape("text", {class: "seconds", x: end ? width - right : at, y: height - 4,
					"text-anchor": end ? "end" : i ? "middle" : "start"}, units.tick(i * step, units.seconds)));
		}
		return parts;
	}

	function lineOf(data, line, {x, y}) {
		const points = line.values.map((value, i) => `${x(data.seconds[i]).toFixed(1)},${y(value).toFixed(1)}`);

		return shape("polyline", {class: line.kind, points: points.join(" ")});
	}

	/* What the lines are, and their values at a look. */
	function fillLegend(legend, data, at) {
		const time = make("span", {class: "time"}, `at ${units.seconds(data.seconds[at])}`);
		const lines = data.lines.map((line) =>
			make("span", {class: line.kind}, `${line.name} ${units.bytes(line.values[at])}`));

		legend.replaceChildren(...lines, time);
	}

	function nearest(seconds, wanted) {
		let best = 0;

		seconds.forEach((each, i) => {
			if (Math.abs(each - wanted) < Math.abs(seconds[best] - wanted))
				best = i;
		});
		return best;
	}

	function followPointer(svg, legend, data, scales) {
		const cursor = shape("line", {class: "cursor", y1: top, y2: scales.height - bottom, visibility: "hidden"});

		svg.append(cursor);
		svg.addEventListener("pointermove", (event) => {
			const along = (event.offsetX - left) / (scales.width - left - right);
			const at = nearest(data.seconds, along * scales.span);

			cursor.setAttribute("x1", scales.x(data.seconds[at]));
			cursor.setAttribute("x2", scales.x(data.seconds[at]));
			cursor.setAttribute("visibility", "visible");
			fillLegend(legend, data, at);
		});
		svg.addEventListener("pointerleave", () => {
			cursor.setAttribute("visibility", "hidden");
			fillLegend(legend, data, data.seconds.length - 1);
		});
	}

	function draw(place, legend, data, height) {
		const width = Math.max(240, place.clientWidth), scales = scalesOf(data, width, height);
		const svg = shape("svg", {height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": data.title},
			...horizontal(scales), ...vertical(scales), ...data.lines.map((line) => lineOf(data, line, scales)));

		followPointer(svg, legend, data, scales);
		place.replaceChildren(svg);
	}

	/* data: {title, seconds: [], lines: [{name, kind, values: []}]}, of which all have as many values as there are seconds. */
	function create(data, height) {
		const legend = make("div", {class: "legend"}), place = make("div");
		const all = make("div", {class: "chart"}, legend, place);
		let width = 0;

		fillLegend(legend, data, data.seconds.length - 1);
		new ResizeObserver(() => {
			if (place.clientWidth === width)
				return;
			width = place.clientWidth;
			draw(place, legend, data, height);
		}).observe(all);
		return all;
	}

	return {create};
})();
