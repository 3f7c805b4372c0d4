/* The tree of stacks, outermost frame first, and what its frames weigh. Frames of one name below one caller are one. */
const flameTree = (() => {
	function newNode(label, object, parent) {
		return {
			label, object, parent,
			depth: parent ? parent.depth + 1 : 0,
			children: [], byLabel: new Map(),
			value: 0, x: 0,      /* of all rows below it; where it begins, in the same measure */
			matchedValue: 0,     /* of those rows that match */
			matched: false,      /* it is a frame that was searched for */
		};
	}

	function childOf(tree, parent, label, object) {
		let node = parent.byLabel.get(label);

		if (!node) {
			node = newNode(label, object, parent);
			parent.byLabel.set(label, node);
			parent.children.push(node);
			tree.nodes.push(node);
		}
		return node;
	}

	function addRow(tree, row, frames) {
		let node = tree.root;

		for (let i = row.frames.length - 1; i >= 0; i--) {
			const frame = frames[row.frames[i]];

			node = childOf(tree, node, frame.name, frame.object);
		}
		return node;
	}

	function orderChildren(node) {
		node.byLabel = null;
		node.children.sort((a, b) => a.label < b.label ? -1 : 1);
	}

	/* Parents come before their children in `nodes`; `leaves` has the innermost frame of each row. */
	function build(rows, frames) {
		const root = newNode("all", "", null), tree = {root, nodes: [root], rows, leaves: [], others: null};

		tree.leaves = rows.map((row) => addRow(tree, row, frames));
		tree.others = childOf(tree, root, "[others]", "");
		tree.nodes.forEach(orderChildren);
		return tree;
	}

	function addUp(tree) {
		for (let i = tree.nodes.length - 1; i > 0; i--) {
			const node = tree.nodes[i];

			node.parent.value += node.value;
			node.parent.matchedValue += node.matchedValue;
		}
	}

	function place(tree) {
		for (const node of tree.nodes) {
			let x = node.x;

			for (const child of node.children) {
				child.x = x;
				x += child.value;
			}
		}
	}

	function markFrames(node, row, matches) {
		for (const frame of row.frames) {
			if (matches[frame])
				node.matched = true;
			node = node.parent;
		}
	}

	/* weight: {of(site), others}; what is not above 0 has no width. matches: of frames, or null */
	function weigh(tree, weight, matches, matchedRows) {
		for (const node of tree.nodes)
			Object.assign(node, {value: 0, x: 0, matchedValue: 0, matched: false});
		tree.rows.forEach((row, i) => {
			const leaf = tree.leaves[i], value = Math.max(0, weight.of(row.site));

			leaf.value += value;
			if (!matches || !matchedRows[i])
				return;
			leaf.matchedValue += value;
			markFrames(leaf, row, matches);
		});
		tree.others.value = Math.max(0, weight.others);
		addUp(tree);
		place(tree);
	}

	function isBelow(node, ancestor) {
		while (node && node !== ancestor)
			node = node.parent;
		return Boolean(node);
	}

	return {build, weigh, isBelow};
})();
