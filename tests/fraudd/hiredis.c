/*
 * hiredis: the six values of an answer have the types that DESIGN §6 says, a
 * pipeline keeps its order, and an error does not end the connection.
 */

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
want(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	exit(1);
}

int
main(int argc, char **argv)
{
	redisContext *c = argc > 1 ? redisConnectUnix(argv[1]) : NULL;
	redisReply *r;
	int i;

	want(c != NULL && c->err == 0, "connected");
	r = redisCommand(c, "ATTEMPT card ip %s last4 %s expiry %s",
	    "198.51.100.1", "4242", "12/27");
	want(r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements == 6,
	    "an array of six");
	want(r->element[0]->type == REDIS_REPLY_STRING &&
		strcmp(r->element[0]->str, "allow") == 0,
	    "verdict: a bulk string");
	want(r->element[1]->type == REDIS_REPLY_NIL, "rule: nil on allow");
	want(r->element[2]->type == REDIS_REPLY_INTEGER &&
		r->element[2]->integer == 1,
	    "count: 1");
	want(r->element[3]->type == REDIS_REPLY_INTEGER &&
		r->element[3]->integer == 10,
	    "limit: 10");
	want(r->element[4]->type == REDIS_REPLY_INTEGER &&
		r->element[4]->integer == 0,
	    "retry after: 0");
	want(r->element[5]->type == REDIS_REPLY_STRING &&
		r->element[5]->len == 22,
	    "id: a bulk string");
	freeReplyObject(r);
	r = redisCommand(c, "ATTEMPT card");
	want(r != NULL && r->type == REDIS_REPLY_ERROR, "an error");
	freeReplyObject(r);
	for (i = 0; i < 1000; i++)
		want(redisAppendCommand(c, "ECHO %d", i) == REDIS_OK, "sent");
	for (i = 0; i < 1000; i++) {
		want(redisGetReply(c, (void **)&r) == REDIS_OK &&
			atoi(r->str) == i,
		    "a pipeline keeps its order");
		freeReplyObject(r);
	}
	redisFree(c);
	return 0;
}
