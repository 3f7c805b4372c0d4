/* A table of rows with stacks: sorted by a click on a heading, a page of rows at a time, each of which opens. */
const table = (() => {
	const {make} = elements;
	const pageSize = 20;

	function compare(a, b) {
		if (a === b)
			return 0;
		if (a === null || b === null)
			return a === null ? -1 : 1;
		return a < b ? -1 : 1;
	}

	/* The rows' indices; rows that are equal stay in the order of the report. */
	function sorted(rows, column, descending) {
		const values = rows.map(column.value), sign = descending ? -1 : 1;

		return rows.map((_, i) => i).sort((a, b) => sign * compare(values[a], values[b]) || a - b);
	}

	function headingOf(state, column, redraw) {
		const click = () => {
			state.descending = state.column === column ? !state.descending : !column.word || Boolean(column.style);
			state.column = column;
			state.order = sorted(state.rows, column, state.descending);
			state.first = 0;
			redraw();
		};

		column.cell = make("th", {scope: "col", class: column.word && "word"},
			make("button", {type: "button", click}, column.heading));
		return column.cell;
	}

	function stackWords(state, row) {
		const words = row.frames.slice(0, 4).map((frame) => state.frames[frame].name).join(" < ");
		const place = row.frames.length === 1 ? state.frames[row.frames[0]].place : "";

		return place ? `${words}  ${place}` : words;
	}

	function cellOf(column, row) {
		const kind = [column.word ? "word" : "", column.style ? column.style(row) : ""].join(" ").trim();

		return make("td", {class: kind || null, "data-heading": column.heading}, column.text(row));
	}

	function openedOf(state, row) {
		return make("tr", {class: "opened"}, make("td", {colspan: state.columns.length + 1}, ...state.details(row)));
	}

	function rowsOf(state, row, redraw) {
		const open = state.open.has(row.index);
		const click = (event) => {
			if (event.detail && !window.getSelection().isCollapsed)
				return; /* the mouse has selected text */
			state.open[open ? "delete" : "add"](row.index);
			redraw(row.index);
		};
		const button = make("button", {type: "button", "aria-expanded": String(open), "data-row": row.index},
			stackWords(state, row));
		const closed = make("tr", {class: "row", click}, ...state.columns.map((column) => cellOf(column, row)),
			make("td", {class: "stack"}, button));

		return open ? [closed, openedOf(state, row)] : [closed];
	}

	function pagerWords(state, shown) {
		const all = shown.length === state.rows.length ? "" : `, of ${units.count(state.rows.length)}`;
		const last = Math.min(state.first + pageSize, shown.length);

		if (!shown.length)
			return `none${all}`;
		return `${units.count(state.first + 1)} to ${units.count(last)} of ${units.count(shown.length)}${all}`;
	}

	function fillPager(state, shown, redraw) {
		const go = (first) => () => {
			state.first = first;
			redraw();
		};
		const lastPage = Math.max(0, Math.floor((shown.length - 1) / pageSize) * pageSize);
		const button = (name, first, on) => make("button", {type: "button", click: go(first), disabled: !on}, name);

		state.pager.hidden = state.rows.length <= pageSize;
		state.pager.replaceChildren(
			button("First", 0, state.first > 0),
			button("Previous", state.first - pageSize, state.first > 0),
			make("output", {}, pagerWords(state, shown)),
			button("Next", state.first + pageSize, state.first < lastPage),
			button("Last", lastPage, state.first < lastPage));
	}

	function markHeadings(state) {
		for (const column of state.columns) {
			if (column === state.column)
				column.cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
			else
				column.cell.removeAttribute("aria-sort");
		}
	}

	/* The keyboard stays where it was, though its row is another element now. */
	function draw(state, focused) {
		const redraw = (index) => draw(state, index);
		const shown = state.matched ? state.order.filter((i) => state.matched[i]) : state.order;
		const page = shown.slice(state.first, state.first + pageSize);

		markHeadings(state);
		state.body.replaceChildren(...page.flatMap((i) => rowsOf(state, state.rows[i], redraw)));
		fillPager(state, shown, redraw);
		if (focused !== undefined)
			state.body.querySelector(`[data-row="${focused}"]`).focus({preventScroll: true});
	}

	/* {rows, columns, frames, heading, details(row): the elements of an open row}; filter(matched rows, or null for all) */
	function create(parts) {
		const state = {
			...parts,
			order: parts.rows.map((_, i) => i),
			column: null, descending: true, first: 0, matched: null, open: new Set(),
			body: make("tbody"), pager: make("div", {class: "pager"}),
		};
		const headings = state.columns.map((column) => headingOf(state, column, () => draw(state)));
		const element = make("div", {class: "sites"},
			make("div", {class: "scrolled"}, make("table", {},
				make("thead", {}, make("tr", {}, ...headings, make("th", {scope: "col"}, state.heading))), state.body)),
			state.pager);

		draw(state);
		return {
			element,
			filter: (matched) => {
				state.matched = matched;
				state.first = 0;
				draw(state);
			},
		};
	}

	return {create};
})();
