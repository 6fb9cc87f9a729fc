/*
 * jwk_edwards: is this an Edwards public key? RFC 8032 encodes a point as y
 * and the sign of x. OpenSSL imports any bytes; under a point of small
 * order a signature of zeros holds for every message.
 */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

#include "err.h"
#include "jwk_priv.h"

/*
 * a * x^2 + y^2 = 1 + d * x^2 * y^2 with a = -1 or 1 and d = num / den. The
 * points of small order have y in 0, 1, -1, and on the curve of cofactor
 * eight y8 or -y8 too; the sign of x makes no difference.
 */
struct edwards {
	const char *crv;
	const char *p;
	int a;
	const char *d_num, *d_den;
	const char *y8; /* NULL for cofactor four */
};

static const struct edwards edwards[] = {
	{ "Ed25519",
	    "7fffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffffffed",
	    -1, "-121665", "121666",
	    "7a03ac9277fdc74ec6cc392cfa53202a"
	    "0f67100d760b3cba4fd83d3d706a17c7" },
	{ "Ed448",
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    1, "-39081", "1", NULL },
};

struct point {
	BIGNUM *p, *y, *num, *den;
};

static const struct edwards *
find(const char *crv)
{
	size_t i;

	for (i = 0; i < sizeof(edwards) / sizeof(edwards[0]); i++) {
		if (strcmp(edwards[i].crv, crv) == 0)
			return &edwards[i];
	}
	return NULL;
}

/* 1 when y or p - y is v, 0 when not, -1 on failure. */
static int
is_plus_minus(const struct point *t, const char *v_hex, BN_CTX *ctx)
{
	BIGNUM *v = NULL, *sum;
	int ok = -1;

	BN_CTX_start(ctx);
	sum = BN_CTX_get(ctx);
	if (sum != NULL && BN_hex2bn(&v, v_hex) != 0 &&
	    BN_mod_add(sum, t->y, v, t->p, ctx) == 1)
		ok = BN_is_zero(sum) || BN_cmp(t->y, v) == 0;
	BN_free(v);
	BN_CTX_end(ctx);
	return ok;
}

static int
is_small_order(const struct edwards *ed, const struct point *t, BN_CTX *ctx)
{
	int small;

	small = is_plus_minus(t, "0", ctx);
	if (small == 0)
		small = is_plus_minus(t, "1", ctx);
	if (small == 0 && ed->y8 != NULL)
		small = is_plus_minus(t, ed->y8, ctx);
	return small;
}

/*
 * x^2 = (den * (1 - y^2)) / (a * den - num * y^2): y is on the curve when
 * the product of both sides of the fraction is a square. 1, 0 or -1.
 */
static int
is_on_curve(const struct edwards *ed, const struct point *t, BN_CTX *ctx)
{
	BIGNUM *yy, *u, *v;
	int k, ok = -1;

	BN_CTX_start(ctx);
	yy = BN_CTX_get(ctx);
	u = BN_CTX_get(ctx);
	v = BN_CTX_get(ctx);
	if (v == NULL || BN_mod_sqr(yy, t->y, t->p, ctx) != 1 ||
	    BN_sub(u, BN_value_one(), yy) != 1 ||
	    BN_mod_mul(u, u, t->den, t->p, ctx) != 1 ||
	    BN_mod_mul(v, t->num, yy, t->p, ctx) != 1)
		goto out;
	BN_set_negative(v, !BN_is_zero(v));
	if ((ed->a > 0 ? BN_add(v, v, t->den) : BN_sub(v, v, t->den)) != 1 ||
	    BN_mod_mul(u, u, v, t->p, ctx) != 1)
		goto out;
	k = BN_kronecker(u, t->p, ctx);
	if (k != -2)
		ok = k >= 0;
out:
	BN_CTX_end(ctx);
	return ok;
}

/* Takes y out of the encoding, without the sign of x in the last bit. */
static int
load(const struct edwards *ed, const uint8_t *x, size_t n, struct point *t)
{
	uint8_t y[57];

	memcpy(y, x, n);
	y[n - 1] &= 0x7f;
	t->y = BN_lebin2bn(y, (int)n, NULL);
	return t->y != NULL && BN_hex2bn(&t->p, ed->p) != 0 &&
		BN_dec2bn(&t->num, ed->d_num) != 0 &&
		BN_dec2bn(&t->den, ed->d_den) != 0 ?
	    0 :
	    E_NOMEM;
}

int
jwk_edwards_check(
    const struct jwk_curve *curve, const uint8_t *x, struct err *e)
{
	const struct edwards *ed = find(curve->crv);
	struct point t = { .y = NULL };
	BN_CTX *ctx = BN_CTX_new();
	int small = -1, on_curve = -1, rc;

	if (ed == NULL || ctx == NULL || load(ed, x, curve->width, &t) != 0) {
		rc = err_set(e, E_NOMEM, "out of memory");
		goto out;
	}
	if (BN_cmp(t.y, t.p) >= 0) {
		rc = err_set(e, E_KEY, "x: not in canonical form");
		goto out;
	}
	small = is_small_order(ed, &t, ctx);
	if (small == 0)
		on_curve = is_on_curve(ed, &t, ctx);
	if (small == 1)
		rc = err_set(e, E_KEY, "x: a point of small order");
	else if (on_curve == 0)
		rc = err_set(e, E_KEY, "x: not a point of the curve");
	else if (on_curve == 1)
		rc = 0;
	else
		rc = err_set(e, E_NOMEM, "out of memory");
out:
	BN_free(t.y);
	BN_free(t.p);
	BN_free(t.num);
	BN_free(t.den);
	BN_CTX_free(ctx);
	return rc;
}
