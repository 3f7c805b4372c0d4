/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The demonstration: a small server that frees the sessions it replaces in its cache, but not their tokens. It makes
 * its requests by itself, some hundred a second, and most of its time goes into looking for articles. Argument: seconds
 * until it ends (default: until killed).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 500, SESSIONS = 256, HEADERS = 8, TOKEN = 240, ARTICLES = 1 << 19 };

struct header {
	char *name, *value;
};

struct request {
	char *text;
	struct header headers[HEADERS];
	int header_count;
	unsigned user;
};

struct session {
	unsigned user;
	unsigned hits;
	char *token;
};

static struct session *sessions[SESSIONS];
static unsigned articles[ARTICLES];

#define NOINLINE __attribute__((noinline))

NOINLINE static char *copy_text(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		abort();
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

NOINLINE static void read_request(struct request *request, unsigned user)
{
	request->text = malloc(1024);
	if (!request->text)
		abort();
	snprintf(request->text, 1024,
		 "GET /cart?user=%u HTTP/1.1\nHost: shop.example\nAccept: text/html\nCookie: token=%08x\n\n", user,
		 user * 2654435761u);
	request->user = user;
}

NOINLINE static void parse_headers(struct request *request)
{
	const char *line = strchr(request->text, '\n') + 1;

	while (*line != '\n' && request->header_count < HEADERS) {
		const char *colon = strchr(line, ':'), *end = strchr(line, '\n');
		struct header *header = &request->headers[request->header_count++];

		header->name = copy_text(line, (size_t)(colon - line));
		header->value = copy_text(colon + 2, (size_t)(end - colon - 2));
		line = end + 1;
	}
}

NOINLINE static char *token_new(unsigned user)
{
	char *token = malloc(TOKEN);

	if (!token)
		abort();
	snprintf(token, TOKEN, "%08x", user * 2654435761u);
	return token;
}

/* The defect: the token stays. */
NOINLINE static void session_free(struct session *session)
{
	free(session);
}

NOINLINE static struct session *session_cache_put(unsigned user)
{
	struct session **place = &sessions[user % SESSIONS];
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		abort();
	session->user = user;
	session->token = token_new(user);
	session_free(*place);
	*place = session;
	return session;
}

NOINLINE static struct session *session_find(unsigned user)
{
	struct session *session = sessions[user % SESSIONS];

	return session && session->user == user ? session : NULL;
}

NOINLINE static unsigned count_articles(unsigned user)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ARTICLES; i++)
		count += (articles[i] ^ user) % 1021 == 0;
	return count;
}

NOINLINE static void send_response(const struct request *request, const struct session *session)
{
	char *body = malloc(2048);

	if (!body)
		abort();
	snprintf(body, 2048, "HTTP/1.1 200 OK\n\nuser %u, visit %u, %d headers, %u articles\n", request->user,
		 session->hits, request->header_count, count_articles(request->user));
	free(body);
}

NOINLINE static void request_free(struct request *request)
{
	for (int i = 0; i < request->header_count; i++) {
		free(request->headers[i].name);
		free(request->headers[i].value);
	}
	free(request->text);
}

NOINLINE static void handle_request(unsigned user)
{
	struct request request = {0};
	struct session *session;

	read_request(&request, user);
	parse_headers(&request);
	session = session_find(user);
	if (!session)
		session = session_cache_put(user);
	session->hits++;
	send_response(&request, session);
	request_free(&request);
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct timespec pause = {.tv_nsec = 1000000000 / RATE};
	uint64_t seed = 1;

	for (unsigned i = 0; i < ARTICLES; i++)
		articles[i] = i * 2654435761u;
	for (unsigned long n = 0; !seconds || n < seconds * RATE; n++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		handle_request((unsigned)(seed >> 33) % 20000);
		nanosleep(&pause, NULL);
	}
	return 0;
}
