/*
 * make: the keys and tokens that all workers get: for each algorithm a
 * token of 800 bytes with the claims of an OpenID provider, its key as JWK,
 * and the key as PEM, or the secret as it is. Keys of one run; worth nothing.
 */

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bench.h"
#include "err.h"
#include "json.h"
#include "jwk.h"
#include "jws.h"

#define TOKEN_LEN 800

static void
die(const char *what)
{
	fprintf(stderr, "bench_make: %s\n", what);
	exit(1);
}

static FILE *
create(const char *dir, const char *alg, const char *suffix)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, alg, suffix);
	f = fopen(path, "we");
	if (f == NULL || fchmod(fileno(f), 0600) != 0)
		die(path);
	return f;
}

static char *
make_token(const struct jwk *key, enum jwa_alg alg, int pad)
{
	const long now = (long)time(NULL);
	char payload[2048];
	struct jws_draft draft = { .alg = alg, .typ = "JWT" };
	char *token = NULL;

	snprintf(payload, sizeof(payload),
	    "{\"iss\":\"" BENCH_ISSUER "\",\"sub\":\"8c6976e5-b541\","
	    "\"aud\":\"" BENCH_AUDIENCE "\",\"exp\":%ld,\"nbf\":%ld,"
	    "\"iat\":%ld,\"preferred_username\":\"" BENCH_USER "\","
	    "\"email\":\"alice@example.com\",\"scope\":\"openid email\","
	    "\"sid\":\"%0*d\"}",
	    now + 80000, now - 60, now - 60, pad, 0);
	draft.payload = payload;
	draft.payload_len = strlen(payload);
	if (jws_sign(key, &draft, &token, NULL) != 0)
		die("cannot sign");
	return token;
}

static void
write_key(const char *dir, const char *name, const struct jwk *key)
{
	struct json *o = NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (jwk_write(key, key->kty == JWK_OCT, &o, NULL) != 0 ||
	    (text = json_write(o, false, &n)) == NULL)
		die("cannot write a key");
	f = create(dir, name, "jwk");
	fwrite(text, 1, n, f);
	fclose(f);
	free(text);
	json_free(&o);
	f = create(dir, name, "key");
	if (key->kty == JWK_OCT)
		fwrite(key->secret, 1, key->secret_len, f);
	else if (PEM_write_PUBKEY(f, key->pkey) != 1)
		die("cannot write a key");
	fclose(f);
}

int
main(int argc, char *argv[])
{
	static const enum jwa_alg algs[] = { JWA_HS256, JWA_RS256, JWA_ES256,
		JWA_EDDSA };
	struct jwk key = { 0 };
	const char *name;
	char *token;
	size_t i;
	int pad;
	FILE *f;

	if (argc != 2)
		die("usage: bench_make DIR");
	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		name = jwa_name(algs[i]);
		if (jwk_generate(algs[i], "bench", &key, NULL) != 0)
			die("cannot generate a key");
		write_key(argv[1], name, &key);
		for (pad = 1;; pad++) {
			token = make_token(&key, algs[i], pad);
			if (strlen(token) >= TOKEN_LEN)
				break;
			free(token);
		}
		f = create(argv[1], name, "jwt");
		fwrite(token, 1, strlen(token), f);
		fclose(f);
		free(token);
		jwk_done(&key);
	}
	return 0;
}
