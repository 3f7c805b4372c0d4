/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scene of a ray tracer: a tree of nodes that share their children, which have but weak pointers to their parents.
 * A node is added below any other, or one is taken away with all that is below it; never more than 500 are there, of
 * some 1.2 KB. When there are that many, the largest parts of the scene go until there are 400.
 */
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { NODES_MAX = 500, NODES_LEFT = 400 };

namespace
{
std::size_t nodes;

struct Node {
	explicit Node(std::size_t size) : material(size, 'm')
	{
		nodes++;
	}
	Node(const Node &) = delete;
	Node &operator=(const Node &) = delete;
	~Node()
	{
		nodes--;
	}

	std::string material;
	std::weak_ptr<Node> parent;
	std::vector<std::shared_ptr<Node>> children;
};
} // namespace

static std::shared_ptr<Node> root;

SITE static std::shared_ptr<Node> make_node()
{
	return std::make_shared<Node>(random_size(&rng, 100, 4000));
}

SITE static void add(const std::shared_ptr<Node> &parent)
{
	std::shared_ptr<Node> node = make_node();

	node->parent = parent;
	parent->children.push_back(node);
}

SITE static std::vector<float> trace()
{
	return std::vector<float>(random_size(&rng, 100, 4000), 0.5F);
}

static std::shared_ptr<Node> any_node()
{
	std::shared_ptr<Node> node = root;

	while (!node->children.empty() && random_chance(&rng, 0.75))
		node = node->children[random_below(&rng, node->children.size())];
	return node;
}

static void take_away(const std::shared_ptr<Node> &node)
{
	std::shared_ptr<Node> parent = node->parent.lock();

	if (!parent)
		return;
	for (std::shared_ptr<Node> &child : parent->children) {
		if (child == node) {
			child.swap(parent->children.back());
			parent->children.pop_back();
			return;
		}
	}
}

static void edit()
{
	if (random_chance(&rng, 0.8))
		add(any_node());
	else
		take_away(any_node());
	while (nodes > NODES_LEFT && nodes >= NODES_MAX)
		while (nodes > NODES_LEFT)
			take_away(root->children[random_below(&rng, root->children.size())]);
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 150), &rng);

	root = make_node();
	while (nodes < NODES_LEFT)
		add(any_node());
	while (next(&pace)) {
		std::vector<float> line = trace();

		edit();
		edit();
		work(line.size() > 1000 ? 40 : 20);
	}
}
