/*
 * config_encryption: which encrypted tokens an issuer may send us. None,
 * unless its part says so.
 */

#include "config_encryption.h"

#include "config.h"
#include "config_schema.h"
#include "err.h"
#include "json.h"
#include "mem.h"

static unsigned
alg_bit(const char *name, size_t n)
{
	return 1u << jwa_wrap_find(name, n);
}

static unsigned
enc_bit(const char *name, size_t n)
{
	return 1u << jwa_enc_find(name, n);
}

/* The names of a list that schema_check() has found to be ours. */
static unsigned
take_names(const struct json *node, const char *name,
    unsigned (*bit)(const char *name, size_t n), unsigned otherwise)
{
	const struct json *list = json_member(node, name);
	const char *s;
	unsigned bits = 0;
	size_t i, n = 0;

	if (list == NULL)
		return otherwise;
	for (i = 0; i < json_count(list); i++) {
		s = json_string(json_element(list, i), &n);
		if (s != NULL)
			bits |= bit(s, n);
	}
	return bits;
}

void
config_encryption_free(struct config_encryption **part)
{
	if (*part == NULL)
		return;
	mem_free_str(&(*part)->keys_file);
	mem_free(part, sizeof(**part));
}

int
config_take_encryption(const struct json *node, struct config_issuer *out)
{
	const struct json *part = json_member(node, "encryption");

	if (part == NULL)
		return 0;
	out->encryption = mem_alloc(sizeof(*out->encryption));
	if (out->encryption == NULL)
		return E_NOMEM;
	out->encryption->algs = take_names(
	    part, "algorithms", alg_bit, (1u << JWA_WRAP_COUNT) - 1);
	out->encryption->encs = take_names(
	    part, "enc", enc_bit, (1u << JWA_ENC_COUNT) - 1);
	return schema_take_string(
	    part, "keys_file", &out->encryption->keys_file);
}
