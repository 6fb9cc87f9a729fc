/*
 * Attacks on what a good token leaves behind: the gate remembers its header,
 * and contexts that have verified are used again. Each comes after good
 * tokens of every issuer, and those are good after it.
 */

#include "testtoken.h"

#include "b64url.h"
#include "err.h"

#define ISSUER(name, file, alg) \
	"{\"issuer\":\"https://" name ".example\",\"keys_file\":\"@/" file \
	"\",\"algorithms\":[\"" alg "\"],\"audience\":[\"ssh\"]}"
#define CONFIG \
	"{\"common\":{\"issuers\":[" ISSUER( \
	    "es", "es.jwk", "ES256") "," ISSUER("ed", "ed.jwk", \
	    "EdDSA") "," ISSUER("rs", "rs.jwk", "RS256") "]}}"
#define CLAIMS(name, user) \
	"{\"iss\":\"https://" name ".example\",\"aud\":\"ssh\"," \
	"\"sub\":\"" user "\",\"exp\":1700000600}"
#define ES "{\"alg\":\"ES256\",\"kid\":\"es\"}"
#define ED "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"
#define RS "{\"alg\":\"RS256\",\"kid\":\"rs\"}"

static struct lab lab;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	lab_configure(&lab, CONFIG);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static int
ask(const char *token)
{
	struct gate_outcome out;
	int r = lab_ask(&lab, token, strlen(token), &out);

	assert_int_equal(r == 0, out.verdict == GATE_ALLOW);
	return r;
}

static void
is_good(const struct jwk *key, enum jwa_alg alg, const char *header,
    const char *payload)
{
	char *token = token_make(key, alg, header, payload);

	assert_int_equal(ask(token), 0);
	free(token);
}

/* Twice: read, then known. */
static void
teach(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		is_good(&lab.es, JWA_ES256, ES, CLAIMS("es", "alice"));
		is_good(&lab.ed, JWA_EDDSA, ED, CLAIMS("ed", "alice"));
		is_good(&lab.rs, JWA_RS256, RS, CLAIMS("rs", "alice"));
	}
}

static void
refused(const char *why, const char *token, int want)
{
	int r;

	teach();
	r = ask(token);
	if (r != want)
		fail_msg("%s: %s", why, err_name(r));
	teach();
}

static const struct {
	const char *why;
	const char *header, *payload;
	enum jwa_alg signer; /* JWA_NONE: ES256 of another payload */
	int want;
} rows[] = {
	{ "in another's name", ES, CLAIMS("ed", "alice"), JWA_ES256,
	    E_ISSUER_UNKNOWN },
	{ "a signature of another key, as long", ES, CLAIMS("es", "alice"),
	    JWA_EDDSA, E_SIGNATURE_INVALID },
	{ "the other way round", ED, CLAIMS("ed", "alice"), JWA_ES256,
	    E_SIGNATURE_INVALID },
	{ "a signature of another length", ES, CLAIMS("es", "alice"), JWA_RS256,
	    E_SIGNATURE_INVALID },
	{ "the signature of what came before", ES, CLAIMS("es", "root"),
	    JWA_NONE, E_SIGNATURE_INVALID },
	{ "a known kid under another algorithm",
	    "{\"alg\":\"EdDSA\",\"kid\":\"es\"}", CLAIMS("ed", "alice"),
	    JWA_EDDSA, E_KEY_UNKNOWN },
	{ "crit behind what is known",
	    "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":[\"x\"]}",
	    CLAIMS("es", "alice"), JWA_ES256, E_HEADER_INVALID },
	{ "a type behind what is known",
	    "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"dpop+jwt\"}",
	    CLAIMS("es", "alice"), JWA_ES256, E_TYPE_WRONG },
	{ "a known header twice over", ES ES, CLAIMS("es", "alice"), JWA_ES256,
	    E_HEADER_INVALID },
	{ "the beginning of a known header",
	    "{\"alg\":\"ES256\",\"kid\":\"es\"", CLAIMS("es", "alice"),
	    JWA_ES256, E_HEADER_INVALID },
	{ "a good header and no claims", ES, "", JWA_ES256, E_TOKEN_MALFORMED },
};

static void
test_known_header(void **state)
{
	uint8_t sig[TOKEN_SIG_MAX];
	char *token, *before;
	const char *dot;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].signer == JWA_NONE) {
			before = token_make(
			    &lab.es, JWA_ES256, ES, CLAIMS("es", "alice"));
			dot = strrchr(before, '.') + 1;
			n = B64URL_DECODED_LEN(strlen(dot));
			assert_int_equal(
			    b64url_decode(sig, dot, strlen(dot)), 0);
			assert_int_equal(ask(before), 0);
			token = token_join(
			    rows[i].header, rows[i].payload, sig, n);
			free(before);
		} else {
			token = token_make(rows[i].signer == JWA_ES256 ?
				&lab.es :
				rows[i].signer == JWA_RS256 ? &lab.rs :
							      &lab.ed,
			    rows[i].signer, rows[i].header, rows[i].payload);
		}
		refused(rows[i].why, token, rows[i].want);
		free(token);
	}
}

/* The text of a known header, cut or bent, with the signature of the whole. */
static void
test_text(void **state)
{
	char *good = token_make(&lab.es, JWA_ES256, ES, CLAIMS("es", "alice"));
	size_t head = strcspn(good, "."), i;
	char *bent = malloc(strlen(good) + 8);

	(void)state;
	assert_non_null(bent);
	for (i = 1; i <= head; i++) {
		strcpy(bent, good + i);
		teach();
		assert_int_not_equal(ask(bent), 0);
	}
	refused("no header at all", good + head, E_TOKEN_MALFORMED);
	refused("no header and no dot", good + head + 1, E_TOKEN_MALFORMED);
	for (i = 0; i < head; i++) {
		strcpy(bent, good);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(ask(bent), 0);
		bent[i] = '.';
		assert_int_not_equal(ask(bent), 0);
	}
	/* the bits behind the last byte are not read, and must be zero */
	strcpy(bent, good);
	assert_int_not_equal(head % 4, 0);
	bent[head - 1]++;
	refused("bits behind the header", bent, E_TOKEN_MALFORMED);
	assert_int_equal(ask(good), 0);
	free(bent);
	free(good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_known_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
