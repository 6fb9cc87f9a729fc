/*
 * jwtgate: our own. Without a mode the rooms one by one, as the gate uses
 * them. Modes:
 *
 *   gate           gate_decide() as hosts call it
 *   lookup-N       only the search for the key, in a set of N keys
 *   hostile-SHAPE  16 KiB that must be refused before any signature
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "b64url.h"
#include "bench.h"
#include "claims.h"
#include "config.h"
#include "err.h"
#include "gate.h"
#include "hostile.h"
#include "jwk.h"
#include "jws.h"

struct ours {
	struct config *config;
	const struct config_issuer *issuer;
	struct jwk_set set;
	struct jws_headers *headers;
	struct gate *gate;
	bool lookup;
};

static const char CONFIG[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"" BENCH_ISSUER "\","
    "\"keys_file\":\"%s/%s.jwk\",\"algorithms\":[\"%s\"],"
    "\"audience\":[\"" BENCH_AUDIENCE "\"],\"types\":[\"JWT\"],"
    "\"user_claim\":[\"preferred_username\"]}]}}";

static void
die(const char *what)
{
	fprintf(stderr, "bench_jwtgate: %s\n", what);
	exit(1);
}

/* The key n times, each time with another kid; the last with its own. */
static char *
many_keys(const char *jwk, int n)
{
	const char *kid = strstr(jwk, "\"bench\"");
	size_t cap = (strlen(jwk) + 16) * (size_t)n + 32;
	char *text = malloc(cap), *at = text;
	int i;

	if (text == NULL || kid == NULL)
		die("no kid");
	at += sprintf(at, "{\"keys\":[");
	for (i = 1; i < n; i++)
		at += sprintf(at, "%.*s\"bench%d\"%s,", (int)(kid - jwk), jwk,
		    i, kid + strlen("\"bench\""));
	sprintf(at, "%s]}", jwk);
	return text;
}

static void
open_gate(struct ours *o, const char *dir, const char *alg, const char *text)
{
	char path[512];
	struct err e = { 0 };
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.json", dir, alg);
	f = fopen(path, "we");
	if (f == NULL || fwrite(text, 1, strlen(text), f) == 0)
		die(path);
	fclose(f);
	if (gate_new(path, &o->gate, &e) != 0)
		die(e.text);
}

void *
adapter_open(struct bench_input *in)
{
	struct ours *o = calloc(1, sizeof(*o));
	struct err e = { 0 };
	char text[2048];
	char *keys;
	int n = 1;

	snprintf(text, sizeof(text), CONFIG, in->dir, in->alg, in->alg);
	if (config_parse(text, strlen(text), "bench", &o->config, &e) != 0)
		die(e.text);
	o->issuer = &config_policy(o->config, NULL)->issuers[0];
	o->headers = jws_headers_new();
	o->lookup = sscanf(in->mode, "lookup-%d", &n) == 1;
	keys = many_keys(in->jwk, n);
	if (jwk_set_parse(keys, strlen(keys), &o->set, &e) != 0)
		die(e.text);
	free(keys);
	if (strcmp(in->mode, "gate") == 0)
		open_gate(o, in->dir, in->alg, text);
	if (strncmp(in->mode, "hostile-", 8) == 0) {
		hostile_token(in->mode + 8, in->alg, in->token, &in->token_len);
		in->refused = true;
	}
	return o;
}

static int
ask_gate(struct ours *o, const char *token, size_t n, int64_t now, char *user)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN, .token = token, .token_len = n
	};
	struct gate_outcome out;
	int rc = gate_decide(o->gate, &request, now, &out);

	memcpy(user, out.user, sizeof(out.user));
	return rc;
}

static int
look_up(struct ours *o)
{
	const struct jwk *keys[JWS_TRIES_MAX];
	struct jws jws;
	size_t count;

	jws.alg = o->set.keys[0].alg;
	jws.has_kid = true;
	memcpy(jws.kid, "bench", sizeof("bench"));
	return jws_candidates(&jws, &o->set, keys, &count, NULL);
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	/* Written before they are read; to clear them is no part of it. */
	uint8_t payload[B64URL_DECODED_LEN(JWS_MAX_LEN)]
	    __attribute__((uninitialized));
	struct jws jws __attribute__((uninitialized));
	struct ours *o = state;
	const struct claims_when when = { now, -1 };
	const struct jwk *keys[JWS_TRIES_MAX];
	struct claims_times times;
	struct claims claims;
	size_t count = 0, len = 0, i;
	int rc;

	if (o->gate != NULL)
		return ask_gate(o, token, n, now, user);
	if (o->lookup)
		return look_up(o);
	rc = jws_parse_again(o->headers, token, n, &jws, NULL);
	if (rc == 0)
		rc = jws_candidates(&jws, &o->set, keys, &count, NULL);
	if (rc != 0)
		return rc;
	rc = E_SIGNATURE_INVALID;
	for (i = 0; i < count && rc != 0; i++)
		rc = jws_verify(&jws, keys[i], NULL);
	if (rc == 0) {
		jws_headers_add(o->headers, &jws);
		rc = jws_payload(&jws, payload, &len, NULL);
	}
	if (rc == 0)
		rc = claims_scan((const char *)payload, len, &claims, NULL);
	if (rc == 0 && !claims_issued_by(&claims, o->issuer))
		rc = E_ISSUER_UNKNOWN;
	if (rc == 0)
		rc = claims_check(
		    &claims, &jws, o->issuer, &when, &times, NULL);
	if (rc == 0)
		rc = claims_user(&claims, o->issuer, user, NULL);
	return rc;
}
