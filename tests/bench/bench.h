/*
 * bench: a worker is a program that verifies the same token over and over
 * with one library and says how long it took. worker.c reads what to do from
 * its stdin, an adapter knows the library. jwt.py starts the workers and
 * takes turns with them, so that all of them see the same machine.
 */

#ifndef JWTGATE_BENCH_H
#define JWTGATE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_ISSUER "https://idp.example.com"
#define BENCH_AUDIENCE "https://mail.example.com"
#define BENCH_USER "alice"
#define BENCH_USER_MAX 256
#define BENCH_TOKEN_MAX (16 * 1024)

#ifdef __cplusplus
extern "C" {
#endif

/* What bench_make wrote for one algorithm; owned by worker.c. */
struct bench_input {
	const char *dir;
	const char *alg;
	const char *mode; /* the adapter's, "" when none was given */
	char *token;
	size_t token_len;
	char *jwk; /* the public key, or the secret, as JWK */
	char *key; /* PEM, or the bytes of the secret */
	size_t key_len;
	bool refused; /* set by an adapter whose token must be refused */
};

/*
 * Gets ready for in->alg. Returns the adapter's state, NULL when the library
 * has no such algorithm.
 */
void *adapter_open(struct bench_input *in);

/*
 * Verifies the signature and that exp, nbf, iss and aud are right at now, and
 * copies the user out; what bench_raw alone leaves out. 0: accepted.
 */
int adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX]);

#ifdef __cplusplus
}
#endif

#endif
