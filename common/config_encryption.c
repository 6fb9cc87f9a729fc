/*
 * config_encryption: which encrypted tokens an issuer may send us. None,
 * unless its part says so.
 */

#include "config_schema.h"

#include "config.h"
#include "jwa_enc.h"
#include "json.h"

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

int
config_take_encryption(const struct json *node, struct config_issuer *out)
{
	const struct json *part = json_member(node, "encryption");

	if (part == NULL)
		return 0;
	out->encryption = true;
	out->encryption_algs = take_names(
	    part, "algorithms", alg_bit, (1u << JWA_WRAP_COUNT) - 1);
	out->encryption_encs = take_names(
	    part, "enc", enc_bit, (1u << JWA_ENC_COUNT) - 1);
	return schema_take_string(
	    part, "keys_file", &out->encryption_keys_file);
}
