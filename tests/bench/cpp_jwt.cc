/*
 * cpp-jwt: a header-only C++ library over nlohmann's JSON and OpenSSL.
 */

#include <jwt/jwt.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

#include "bench.h"

struct state {
	std::string alg;
	std::string key;
};

void *
adapter_open(struct bench_input *in)
{
	if (strcmp(in->alg, "EdDSA") == 0)
		return nullptr;
	return new state{ in->alg, std::string(in->key, in->key_len) };
}

int
adapter_verify(void *opaque, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	using namespace jwt::params;
	state *s = static_cast<state *>(opaque);
	std::error_code ec;

	(void)now;
	try {
		auto object = jwt::decode(jwt::string_view(token, n),
		    algorithms({ s->alg }), ec, secret(s->key), verify(true),
		    issuer(BENCH_ISSUER), aud(BENCH_AUDIENCE));
		if (ec)
			return 1;
		const auto name =
		    object.payload().get_claim_value<std::string>(
			"preferred_username");
		if (name.size() >= BENCH_USER_MAX)
			return 1;
		memcpy(user, name.c_str(), name.size() + 1);
		return 0;
	} catch (const std::exception &) {
		return 1;
	}
}
