/* Figures as the text report writes them (user/lib/units.c), and the steps of axes. */
const units = (() => {
	const names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	const times = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800,
		3600, 7200, 14400, 21600, 43200, 86400];
	const grouped = new Intl.NumberFormat("en");

	function bytes(value) {
		let unit = 0;

		/* 1023.95 and more would be written as 1024.0 */
		while (unit + 1 < names.length && Math.abs(value) >= (unit ? 1023.95 : 1023.5)) {
			value /= 1024;
			unit++;
		}
		if (!unit && Math.abs(value) < 0.5)
			value = 0; /* no "-0 B" */
		return `${value.toFixed(unit ? 1 : 0)} ${names[unit]}`;
	}

	function signed(value, format) {
		return (value > 0 ? "+" : "") + format(value);
	}

	function two(number) {
		return String(number).padStart(2, "0");
	}

	function seconds(value) {
		const sign = value < 0 ? "-" : "", s = Math.abs(value), whole = Math.floor(s + 0.5);

		if (s < 0.0005)
			return "0 ms";
		if (s < 0.9995)
			return `${sign}${(s * 1000).toFixed(0)} ms`;
		if (s < 59.95)
			return `${sign}${s.toFixed(1)} s`;
		if (whole < 3600)
			return `${sign}${Math.floor(whole / 60)}m${two(whole % 60)}s`;
		if (whole < 86400)
			return `${sign}${Math.floor(whole / 3600)}h${two(Math.floor(whole % 3600 / 60))}m`;
		return `${sign}${Math.floor(whole / 86400)}d${two(Math.floor(whole % 86400 / 3600))}h`;
	}

	function count(value) {
		return grouped.format(value);
	}

	function percent(ratio) {
		return `${(100 * ratio).toFixed(1)} %`;
	}

	/* The least power of two, or time, of which no more than `most` lie on a span. */
	function byteStep(span, most) {
		let step = 1;

		while (span / step > most)
			step *= 2;
		return step;
	}

	function timeStep(span, most) {
		return times.find((time) => span / time <= most) || 86400 * Math.ceil(span / 86400 / most);
	}

	/* On axes: "16 MiB", "10 s". */
	function tick(value, format) {
		return value ? format(value).replace(".0 ", " ") : "0";
	}

	return {bytes, signed, seconds, count, percent, byteStep, timeStep, tick};
})();
