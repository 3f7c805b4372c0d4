/* Making elements. Text of the report gets into the page as text only, here, and in no other way. */
const elements = (() => {
	const shapes = document.getElementById("shapes").namespaceURI;

	function fill(element, attributes, children) {
		for (const [name, value] of Object.entries(attributes)) {
			if (typeof value === "function")
				element.addEventListener(name, value);
			else if (value !== null && value !== undefined && value !== false)
				element.setAttribute(name, value === true ? "" : value);
		}
		element.append(...children); /* of strings, text nodes */
		return element;
	}

	function make(name, attributes = {}, ...children) {
		return fill(document.createElement(name), attributes, children);
	}

	function shape(name, attributes = {}, ...children) {
		return fill(document.createElementNS(shapes, name), attributes, children);
	}

	function byId(id) {
		return document.getElementById(id);
	}

	function show(id) {
		byId(id).hidden = false;
	}

	return {make, shape, byId, show};
})();
