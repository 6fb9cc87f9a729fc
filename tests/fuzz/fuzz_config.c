/*
 * fuzz_config: whatever the file says, there is a configuration that keeps
 * its promises, or one sentence that says where it is wrong.
 */

#include "fuzz.h"

#include <string.h>

#include "config.h"
#include "err.h"

static void
check_issuer(const struct config_issuer *i)
{
	FUZZ_CHECK(i->where != NULL);
	FUZZ_CHECK(i->own || i->issuer != NULL);
	FUZZ_CHECK(i->own || i->keys_files.count > 0);
	FUZZ_CHECK(i->own || i->audience.count > 0);
	FUZZ_CHECK(
	    i->algorithm_count > 0 || (i->own && i->signing_key_file != NULL));
	FUZZ_CHECK(i->algorithm_count < JWA_COUNT);
	FUZZ_CHECK(i->max_lifetime >= 1);
	FUZZ_CHECK(i->clock_skew >= 0 && i->clock_skew <= 300);
	FUZZ_CHECK(!i->own || i->expire_offset >= 1);
	FUZZ_CHECK(!i->own || i->expire_offset <= i->max_lifetime);
	FUZZ_CHECK(i->user_claim.count > 0 && i->types.count > 0);
	FUZZ_CHECK(!i->first_form || i->own);
}

static void
check_policy(const struct config_policy *p)
{
	size_t i;

	FUZZ_CHECK(p != NULL);
	for (i = 0; i < p->issuer_count; i++)
		check_issuer(&p->issuers[i]);
	FUZZ_CHECK(p->require != CONFIG_REQUIRE_NOBODY);
	FUZZ_CHECK((p->require == CONFIG_REQUIRE_TOKEN_ONLY) ==
	    (p->require_roles.count == 0));
	FUZZ_CHECK(p->minimum_uid >= 0 && p->max_age != 0);
	FUZZ_CHECK(!p->directory.configured || p->directory.uri.count > 0);
	FUZZ_CHECK(!p->fraud.configured || p->fraud.socket[0] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_list *services;
	struct config *c = NULL;
	struct err e = { 0 };
	size_t i;
	int ret;

	ret = config_parse((const char *)data, size, "f", &c, &e);
	if (ret != 0) {
		FUZZ_CHECK(ret == E_CONFIG_INVALID && c == NULL);
		FUZZ_CHECK(e.code == ret && strncmp(e.text, "f:", 2) == 0);
		FUZZ_CHECK(e.text[2] >= '1' && e.text[2] <= '9');
		return 0;
	}
	check_policy(config_policy(c, NULL));
	services = config_services(c);
	for (i = 0; i < services->count; i++)
		check_policy(config_policy(c, services->items[i]));
	config_free(&c);
	return 0;
}
