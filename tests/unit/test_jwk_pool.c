/*
 * test_jwk_pool: contexts that are used again give the same answers as new
 * ones: after a no, in many threads, in a forked child, short of memory. And
 * the index of a set finds what a search of the whole set finds.
 */

#include "testutil.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "json.h"
#include "jwk_index.h"
#include "jwk_pool.h"
#include "jws.h"
#include "mem.h"
#include "testkeys.h"

#define PAYLOAD "{\"sub\":\"alice\"}"
#define ROUNDS 2000
#define THREADS 20 /* more than a pool has slots */
#define THREAD_ROUNDS 200
#define MANY 1000

static const enum jwa_alg algs[] = { JWA_HS256, JWA_HS384, JWA_HS512, JWA_RS256,
	JWA_RS384, JWA_RS512, JWA_PS256, JWA_PS384, JWA_PS512, JWA_ES256,
	JWA_ES384, JWA_ES512, JWA_ES256K, JWA_EDDSA, JWA_ED25519, JWA_ED448 };

/* A key in a set, one token that it signed, and the same one bent. */
struct pair {
	struct jwk_set set;
	char *text; /* of the set */
	char *token;
	char *bent;
	struct jws good;
	struct jws bad;
};

static char *
key_text(const struct jwk *key)
{
	struct json *o = NULL;
	char *text;
	size_t n;

	assert_int_equal(jwk_write(key, true, &o, NULL), 0);
	text = json_write(o, false, &n);
	assert_non_null(text);
	json_free(&o);
	return text;
}

/* A new key; but an RSA key takes long to make. */
static char *
make_text(enum jwa_alg alg, bool with_alg)
{
	const enum jwa_kind kind = jwa_get(alg)->kind;
	struct jwk_set set = { 0 };
	struct jwk key = { 0 };
	char *text;

	if (kind == JWA_KIND_RSA || kind == JWA_KIND_RSA_PSS) {
		keys_load("vectors/rfc7515/a2.json", &set);
		set.keys[0].alg = with_alg ? alg : JWA_NONE;
		text = key_text(&set.keys[0]);
		jwk_set_done(&set);
		return text;
	}
	assert_int_equal(jwk_generate(alg, "k", &key, NULL), 0);
	if (!with_alg)
		key.alg = JWA_NONE;
	text = key_text(&key);
	jwk_done(&key);
	return text;
}

/* Has the key an alg of its own, or is it for all that fit? */
static void
pair_open(struct pair *p, enum jwa_alg alg, bool with_alg)
{
	char *c;

	memset(p, 0, sizeof(*p));
	p->text = make_text(alg, with_alg);
	assert_int_equal(
	    jwk_set_parse(p->text, strlen(p->text), &p->set, NULL), 0);
	assert_int_equal(keys_sign(&p->set.keys[0], alg, "JWT", PAYLOAD,
			     strlen(PAYLOAD), &p->token),
	    0);
	p->bent = strdup(p->token);
	c = p->bent + strlen(p->bent) - 6;
	*c = *c == 'A' ? 'B' : 'A';
	assert_int_equal(
	    jws_parse(p->token, strlen(p->token), &p->good, NULL), 0);
	assert_int_equal(jws_parse(p->bent, strlen(p->bent), &p->bad, NULL), 0);
}

static void
pair_close(struct pair *p)
{
	jwk_set_done(&p->set);
	free(p->text);
	free(p->token);
	free(p->bent);
}

static void
test_reuse(void **state)
{
	const int rounds = alloc_fail_works() ? ROUNDS : 3;
	struct pair p;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < COUNT_OF(algs); i++) {
		pair_open(&p, algs[i], i % 2 == 0);
		for (k = 0; k < rounds; k++) {
			assert_int_equal(
			    jws_verify(&p.good, &p.set.keys[0], NULL), 0);
			assert_int_equal(
			    jws_verify(&p.bad, &p.set.keys[0], NULL),
			    E_SIGNATURE_INVALID);
		}
		assert_int_equal(ERR_peek_error(), 0);
		pair_close(&p);
	}
}

/* One key, several algorithms: each has contexts of its own. */
static void
test_one_key(void **state)
{
	static const struct {
		enum jwa_alg first, last;
	} kinds[] = { { JWA_RS256, JWA_PS512 }, { JWA_EDDSA, JWA_ED25519 } };
	struct pair p;
	struct jws jws[6];
	char *tokens[6];
	size_t i, k, n;
	int round;

	(void)state;
	for (i = 0; i < COUNT_OF(kinds); i++) {
		pair_open(&p, kinds[i].first, false);
		n = (size_t)kinds[i].last - kinds[i].first + 1;
		for (k = 0; k < n; k++) {
			assert_int_equal(
			    keys_sign(&p.set.keys[0],
				(enum jwa_alg)(kinds[i].first + k), NULL,
				PAYLOAD, strlen(PAYLOAD), &tokens[k]),
			    0);
			assert_int_equal(jws_parse(tokens[k], strlen(tokens[k]),
					     &jws[k], NULL),
			    0);
		}
		for (round = 0; round < 10; round++) {
			for (k = 0; k < n; k++)
				assert_int_equal(
				    jws_verify(&jws[k], &p.set.keys[0], NULL),
				    0);
			assert_int_equal(
			    jws_verify(&p.bad, &p.set.keys[0], NULL),
			    E_SIGNATURE_INVALID);
		}
		for (k = 0; k < n; k++)
			free(tokens[k]);
		pair_close(&p);
	}
}

/* RFC 9864: the old name is the new one's only where the key does not say. */
static void
test_names(void **state)
{
	struct jwk key = { .kty = JWK_OKP, .crv = "Ed25519" };

	(void)state;
	assert_true(jwk_fits(&key, JWA_EDDSA));
	assert_true(jwk_fits(&key, JWA_ED25519));
	assert_false(jwk_fits(&key, JWA_ED448));
	key.alg = JWA_ED25519;
	assert_true(jwk_fits(&key, JWA_ED25519));
	assert_false(jwk_fits(&key, JWA_EDDSA));
	key.alg = JWA_EDDSA;
	assert_true(jwk_fits(&key, JWA_EDDSA));
	assert_false(jwk_fits(&key, JWA_ED25519));
	key.kty = JWK_EC;
	key.alg = JWA_NONE;
	key.crv = "secp256k1";
	assert_true(jwk_fits(&key, JWA_ES256K));
	assert_false(jwk_fits(&key, JWA_ES256));
	key.crv = "P-256";
	assert_false(jwk_fits(&key, JWA_ES256K));
	assert_true(jwk_fits(&key, JWA_ES256));
}

/* A key outside a set has no pool, and needs none. */
static void
test_no_pool(void **state)
{
	struct pair p;
	struct jwk bare;
	int k;

	(void)state;
	pair_open(&p, JWA_ES256, true);
	bare = p.set.keys[0];
	bare.pool = NULL;
	for (k = 0; k < 10; k++) {
		assert_int_equal(jws_verify(&p.good, &bare, NULL), 0);
		assert_int_equal(
		    jws_verify(&p.bad, &bare, NULL), E_SIGNATURE_INVALID);
	}
	pair_close(&p);
}

/* From the text of the key to the answer, each time anew. */
static void
load_and_verify(void *arg)
{
	struct pair *p = arg;
	struct jwk_set set = { 0 };
	int i, rc;

	rc = jwk_set_parse(p->text, strlen(p->text), &set, NULL);
	assert_true(rc == 0 || alloc_failed());
	for (i = 0; rc == 0 && i < 3; i++) {
		assert_int_not_equal(
		    jws_verify(&p->bad, &set.keys[0], NULL), 0);
		rc = jws_verify(&p->good, &set.keys[0], NULL);
		assert_true(rc == 0 || alloc_failed());
	}
	/* Memory is back: nothing half made was kept. */
	if (set.count > 0 && alloc_failed()) {
		alloc_fail_off();
		assert_int_equal(jws_verify(&p->good, &set.keys[0], NULL), 0);
	}
	jwk_set_done(&set);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_no_memory(void **state)
{
	static const enum jwa_alg some[] = { JWA_HS256, JWA_RS256, JWA_PS256,
		JWA_ES256, JWA_ES256K, JWA_EDDSA };
	struct pair p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(some); i++) {
		pair_open(&p, some[i], true);
		/* once as it is, so that what OpenSSL keeps is there */
		load_and_verify(&p);
		for_each_alloc_failure(load_and_verify, &p);
		pair_close(&p);
	}
}

/* All but the arithmetic, for which OpenSSL takes memory of its own. */
static void
around_verify(void *arg)
{
	const struct jwk *keys[JWS_TRIES_MAX];
	uint8_t payload[64];
	struct pair *p = arg;
	struct jws jws;
	size_t n;

	assert_int_equal(jws_parse(p->token, strlen(p->token), &jws, NULL), 0);
	assert_int_equal(jws_candidates(&jws, &p->set, keys, &n, NULL), 0);
	assert_int_equal(jws_payload(&jws, payload, &n, NULL), 0);
}

static void
test_no_allocation(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, JWA_HS256, true);
	assert_int_equal(for_each_alloc_failure(around_verify, &p), 0);
	pair_close(&p);
}

struct crowd {
	struct pair pairs[5];
	size_t count;
	int rounds;
};

static void *
one_of_many(void *arg)
{
	struct crowd *c = arg;
	size_t i, wrong = 0;
	int k;

	for (k = 0; k < c->rounds; k++) {
		for (i = 0; i < c->count; i++) {
			if (jws_verify(&c->pairs[i].good,
				&c->pairs[i].set.keys[0], NULL) != 0)
				wrong++;
			if (jws_verify(&c->pairs[i].bad,
				&c->pairs[i].set.keys[0],
				NULL) != E_SIGNATURE_INVALID)
				wrong++;
		}
	}
	return wrong == 0 ? NULL : c;
}

static void
test_threads(void **state)
{
	static const enum jwa_alg some[] = { JWA_HS256, JWA_RS256, JWA_PS256,
		JWA_ES256, JWA_EDDSA };
	pthread_t threads[THREADS];
	struct crowd c = {
		.count = COUNT_OF(some),
		.rounds = alloc_fail_works() ? THREAD_ROUNDS : 2,
	};
	void *wrong;
	size_t i;

	(void)state;
	for (i = 0; i < c.count; i++)
		pair_open(&c.pairs[i], some[i], i % 2 == 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, one_of_many, &c), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	for (i = 0; i < c.count; i++)
		pair_close(&c.pairs[i]);
}

static void
test_fork(void **state)
{
	struct pair p;
	int status, rc;
	pid_t pid;

	(void)state;
	pair_open(&p, JWA_PS256, true);
	assert_int_equal(jws_verify(&p.good, &p.set.keys[0], NULL), 0);
	pid = fork();
	if (pid == 0) {
		rc = jws_verify(&p.good, &p.set.keys[0], NULL);
		if (rc == 0 &&
		    jws_verify(&p.bad, &p.set.keys[0], NULL) !=
			E_SIGNATURE_INVALID)
			rc = 1;
		_exit(rc == 0 ? 0 : 1);
	}
	assert_int_equal(jws_verify(&p.good, &p.set.keys[0], NULL), 0);
	while (waitpid(pid, &status, 0) != pid)
		assert_int_equal(errno, EINTR);
	assert_int_equal(status, 0);
	pair_close(&p);
}

static void
same_found(const struct jwk_set *set, enum jwa_alg alg, const char *kid)
{
	const struct jwk *a[JWK_INDEX_MAX], *b[JWK_INDEX_MAX];
	struct jwk_set plain = *set;
	size_t i, n;

	plain.index = NULL;
	n = jwk_index_find(set, alg, kid, a, JWK_INDEX_MAX);
	assert_int_equal(jwk_index_find(&plain, alg, kid, b, JWK_INDEX_MAX), n);
	for (i = 0; i < n && i < JWK_INDEX_MAX; i++)
		assert_ptr_equal(a[i], b[i]);
}

/* Sets of n keys, of which every step-th has no kid. */
static void
check_index(size_t n, size_t step)
{
	static const char *const kids[] = { "k0", "k1", "k7", "k500", "k999",
		"k1000", "", "K1" };
	static const enum jwa_alg asked[] = { JWA_HS256, JWA_HS384, JWA_HS512,
		JWA_RS256, JWA_NONE, JWA_COUNT };
	struct jwk *keys = calloc(n, sizeof(*keys));
	struct jwk_set set = { .keys = keys, .count = n };
	size_t i, k;

	assert_non_null(keys);
	for (i = 0; i < n; i++) {
		keys[i].kty = JWK_OCT;
		keys[i].secret_len = 64;
		keys[i].verifies = i % 3 != 2;
		keys[i].alg = asked[i % 4 == 3 ? 0 : i % 4];
		if (step == 0 || i % step != 0)
			assert_true(asprintf(&keys[i].kid, "k%zu", i) > 0);
	}
	assert_int_equal(jwk_index_build(&set, NULL), 0);
	for (k = 0; k < COUNT_OF(asked); k++) {
		same_found(&set, asked[k], NULL);
		for (i = 0; i < COUNT_OF(kids); i++)
			same_found(&set, asked[k], kids[i]);
	}
	if (n > 1 && keys[n - 1].kid != NULL && keys[1].kid != NULL && n != 2) {
		strcpy(keys[n - 1].kid, "k1");
		assert_int_equal(jwk_index_build(&set, NULL), E_KEY);
	}
	jwk_index_free(&set.index);
	for (i = 0; i < n; i++)
		free(keys[i].kid);
	free(keys);
}

static void
test_index(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, MANY };
	static const size_t steps[] = { 0, 1, 2, 7, 400 };
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(counts); i++) {
		for (k = 0; k < COUNT_OF(steps); k++)
			check_index(counts[i], steps[k]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_one_key),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_pool),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_allocation),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
