/* The flame graph, drawn on a canvas: only frames that are at least half a pixel wide, of which there are not many. */
const flame = (() => {
	const {byId} = elements;
	const frameHeight = 19, least = 0.5, padding = 4;
	const dark = window.matchMedia("(prefers-color-scheme: dark)");

	function hash(text) {
		let value = 7;

		for (let i = 0; i < text.length; i++)
			value = (value * 31 + text.charCodeAt(i)) >>> 0;
		return value;
	}

	/* The hue is about the program's or library's, so that one sees where one ends and another begins. */
	function colorOf(node, searching) {
		const own = hash(node.label), shade = own % 12, hue = hash(node.object) % 360 + own % 41 - 20;

		if (node.matched)
			return dark.matches ? "#a8408f" : "#ee8fd5";
		if (searching || !node.parent || node.label.startsWith("["))
			return dark.matches ? `hsl(210 6% ${24 + shade / 2}%)` : `hsl(210 8% ${84 + shade / 2}%)`;
		return dark.matches ? `hsl(${hue} 38% ${27 + shade}%)`
			: `hsl(${hue} 62% ${72 + shade}%)`;
	}

	/* ---- where frames are */

	/* The frames that are seen, as {node, x, width}: those above the one that is zoomed into are as wide as all. */
	function visible(root, zoomed, width) {
		const scale = zoomed.value ? width / zoomed.value : 0, seen = [];

		for (let node = zoomed; node; node = node.parent)
			seen.push({node, x: 0, width});
		const pending = [zoomed];

		while (pending.length) {
			for (const child of pending.pop().children) {
				const across = child.value * scale;

				if (across < least)
					continue;
				seen.push({node: child, x: (child.x - zoomed.x) * scale, width: across});
				pending.push(child);
			}
		}
		return seen;
	}

	function frameAt(state, x, y) {
		const depth = Math.floor(y / frameHeight);

		return state.seen.find((frame) => frame.node.depth === depth && x >= frame.x && x < frame.x + frame.width);
	}

	/* ---- drawing */

	function fit(text, width, letter) {
		const letters = Math.floor((width - 2 * padding) / letter);

		if (letters < 3)
			return "";
		return text.length <= letters ? text : `${text.slice(0, letters - 1)}\u2026`;
	}

	function drawFrame(state, {node, x, width}, letter) {
		const {context} = state, y = node.depth * frameHeight, left = Math.round(x);
		const across = Math.max(1, Math.round(x + width) - left - (width > 3 ? 1 : 0)); /* whole pixels are sharp */
		const text = fit(node.label, width, letter);

		context.globalAlpha = node.depth < state.zoomed.depth ? 0.6 : 1;
		context.fillStyle = colorOf(node, state.searching);
		context.fillRect(left, y, across, frameHeight - 1);
		if (text) {
			context.fillStyle = dark.matches ? "#f2f4f5" : "#14181b";
			context.fillText(text, left + padding, y + frameHeight / 2);
		}
		if (node === state.pointed)
			outline(context, left, y, across);
	}

	function outline(context, x, y, width) {
		context.strokeStyle = dark.matches ? "#ffffff" : "#000000";
		context.lineWidth = 2;
		context.strokeRect(x + 1, y + 1, Math.max(0, width - 2), frameHeight - 3);
	}

	/* A canvas has as many pixels as the screen has there. */
	function resize(state) {
		const ratio = window.devicePixelRatio || 1, deepest = Math.max(...state.seen.map(({node}) => node.depth));
		const height = (deepest + 1) * frameHeight;

		state.canvas.width = Math.round(state.width * ratio);
		state.canvas.height = Math.round(height * ratio);
		state.canvas.style.height = `${height}px`;
		state.context.setTransform(ratio, 0, 0, ratio, 0, 0);
		state.context.font = "12px ui-monospace, monospace";
		state.context.textBaseline = "middle";
	}

	function words(state, node) {
		const all = state.tree.root.value, share = all ? node.value / all : 0;

		return `${node.label}: ${state.weight.format(node.value)}, ${units.percent(share)} of all`;
	}

	function draw(state) {
		state.width = state.canvas.clientWidth;
		state.seen = visible(state.tree.root, state.zoomed, state.width);
		resize(state);
		const letter = state.context.measureText("m").width;

		for (const frame of state.seen)
			drawFrame(state, frame, letter);
		byId("zoomed").textContent = words(state, state.zoomed);
		byId("reset").disabled = state.zoomed === state.tree.root;
		byId("matched").textContent = !state.searching ? "" :
			`matched: ${state.weight.format(state.zoomed.matchedValue)}, ` +
			`${units.percent(state.zoomed.value ? state.zoomed.matchedValue / state.zoomed.value : 0)}`;
	}

	function point(state, node) {
		if (node === state.pointed)
			return;
		state.pointed = node;
		byId("pointed").textContent = node ? words(state, node) : "";
		draw(state);
	}

	function zoom(state, node) {
		state.zoomed = node;
		if (state.pointed && !flameTree.isBelow(state.pointed, node))
			point(state, node);
		draw(state);
	}

	/* ---- keys */

	function sibling(state, node, step) {
		const all = state.seen.filter((frame) => frame.node.parent === node.parent && frame.node.depth === node.depth)
			.sort((a, b) => a.x - b.x);

		return all[all.findIndex((frame) => frame.node === node) + step]?.node;
	}

	function widestChild(state, node) {
		return state.seen.filter((frame) => frame.node.parent === node)
			.reduce((best, frame) => !best || frame.width > best.width ? frame : best, null)?.node;
	}

	function pressKey(state, event) {
		const at = state.pointed || state.zoomed;
		const steps = {
			ArrowDown: () => point(state, widestChild(state, at) || at),
			ArrowUp: () => point(state, at.parent || at),
			ArrowLeft: () => point(state, sibling(state, at, -1) || at),
			ArrowRight: () => point(state, sibling(state, at, 1) || at),
			Enter: () => zoom(state, at),
			Escape: () => zoom(state, state.tree.root),
		};

		if (!steps[event.key])
			return;
		event.preventDefault();
		steps[event.key]();
	}

	function listen(state) {
		const at = (event) => frameAt(state, event.offsetX, event.offsetY)?.node || null;

		state.canvas.addEventListener("pointermove", (event) => point(state, at(event)));
		state.canvas.addEventListener("pointerleave", () => point(state, null));
		state.canvas.addEventListener("click", (event) => at(event) && zoom(state, at(event)));
		state.canvas.addEventListener("keydown", (event) => pressKey(state, event));
		byId("reset").addEventListener("click", () => zoom(state, state.tree.root));
		dark.addEventListener("change", () => draw(state));
		new ResizeObserver(() => state.canvas.clientWidth !== state.width && draw(state)).observe(state.canvas);
	}

	/* weigh(weight, matches, matchedRows): as flameTree.weigh(), and draws */
	function create(canvas, rows, frames) {
		const tree = flameTree.build(rows, frames);
		const state = {
			canvas, tree, context: canvas.getContext("2d"),
			zoomed: tree.root, pointed: null, seen: [], width: 0, searching: false, weight: null,
		};

		return {
			weigh: (weight, matches, matchedRows) => {
				flameTree.weigh(tree, weight, matches, matchedRows);
				if (!state.weight)
					listen(state);
				state.weight = weight;
				state.searching = Boolean(matches);
				if (!state.zoomed.value)
					state.zoomed = tree.root;
				draw(state);
			},
		};
	}

	return {create};
})();
