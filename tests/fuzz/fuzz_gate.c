/*
 * fuzz_gate: the whole decision with a fixed key and a fixed clock. An input
 * that begins with 'T' is a token; one that begins with 'C' is a header, a
 * newline and a payload, which are signed here, for no fuzzer finds an HMAC.
 * Who is let in must have a signature that was made with the key, and an
 * outcome that a host can use without a look at it.
 */

#include "fuzz.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "b64url.h"
#include "gate.h"
#include "jws.h"

#define NOW 1700000000

/* KEY is the same bytes. */
#define SECRET \
	"for the fuzzer: sixty-four bytes, " \
	"which HS512 asks for, exactly."
#define KEY \
	"{\"kty\":\"oct\",\"kid\":\"f\",\"k\":\"" \
	"Zm9yIHRoZSBmdXp6ZXI6IHNpeHR5LWZvdXIgYnl0ZXMs" \
	"IHdoaWNoIEhTNTEyIGFza3MgZm9yLCBleGFjdGx5Lg\"}"

static const char config[] =
    "{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET "\","
    "\"authorize\":{\"role1\":\"cn=1\",\"role2\":\"cn=2\"}},"
    "\"issuers\":[{\"issuer\":\"https://f.example\","
    "\"keys_file\":\"%s/key\",\"algorithms\":[\"HS256\",\"HS512\"],"
    "\"audience\":[\"ssh\",\"mail\"],\"authorized_parties\":[\"cli\"],"
    "\"scopes\":[\"login\"],\"required_claims\":{\"a.b\":\"x\",\"n\":7},"
    "\"user_claim\":[\"who.name\",\"sub\"],"
    "\"user_domain\":{\"strip\":[\"example.org\"]},"
    "\"roles_claim\":\"r.s\",\"max_lifetime\":100000,"
    "\"users\":{\"allow\":[\"*\"],\"deny\":[\"root*\"]}}]},"
    "\"services\":{\"sshd\":{\"roles_from\":\"token\",\"max_age\":5000},"
    "\"*\":{\"require\":\"token_only\"}}}";

static const char first_token[] = "C{\"alg\":\"HS256\"}\n{\"exp\":1700000100}";
static const char shared_token[] =
    "C{\"alg\":\"HS512\",\"kid\":\"f\"}\n{\"exp\":1700000100}";

static struct gate *gate;

static void
save(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
forget(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FUZZ_CHECK(unlink(path) == 0);
}

/* Once; what the gate has read is not needed on disk any more. */
static void
set_up(void)
{
	char dir[] = "/tmp/fuzz_gate.XXXXXX", path[128];
	char text[sizeof(config) + sizeof(dir)];
	struct err e = { 0 };

	FUZZ_CHECK(mkdtemp(dir) != NULL);
	snprintf(text, sizeof(text), config, dir);
	save(dir, "key", KEY);
	save(dir, "jwtgate.json", text);
	snprintf(path, sizeof(path), "%s/jwtgate.json", dir);
	if (gate_new(path, &gate, &e) != 0)
		fprintf(stderr, "%s\n", e.text);
	FUZZ_CHECK(gate != NULL);
	/* loads both keys */
	LLVMFuzzerTestOneInput(
	    (const uint8_t *)first_token, sizeof(first_token) - 1);
	LLVMFuzzerTestOneInput(
	    (const uint8_t *)shared_token, sizeof(shared_token) - 1);
	forget(dir, "key");
	forget(dir, "jwtgate.json");
	FUZZ_CHECK(rmdir(dir) == 0);
}

/* The signature of the first n bytes with the digest, as base64url. */
static void
sign(const char *digest, const char *input, size_t n, char text[128])
{
	unsigned char mac[64];
	size_t len = 0;

	FUZZ_CHECK(EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, SECRET,
		       strlen(SECRET), (const unsigned char *)input, n, mac,
		       sizeof(mac), &len) != NULL);
	text[b64url_encode(text, mac, len)] = '\0';
}

/* Whether the part behind the last dot is one of the two signatures. */
static void
check_signature(const char *token, size_t n)
{
	const char *dot = memrchr(token, '.', n);
	char one[128], other[128];
	size_t len;

	FUZZ_CHECK(dot != NULL);
	len = n - (size_t)(dot + 1 - token);
	sign("SHA256", token, (size_t)(dot - token), one);
	sign("SHA512", token, (size_t)(dot - token), other);
	FUZZ_CHECK((strlen(one) == len && memcmp(dot + 1, one, len) == 0) ||
	    (strlen(other) == len && memcmp(dot + 1, other, len) == 0));
}

static void
check_text(const char *text, size_t cap)
{
	size_t n = strnlen(text, cap), i;

	FUZZ_CHECK(n < cap);
	for (i = 0; i < n; i++)
		FUZZ_CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void
check_outcome(const struct gate_outcome *out, const char *token, size_t n)
{
	check_text(out->user, sizeof(out->user));
	check_text(out->issuer, sizeof(out->issuer));
	check_text(out->kid, sizeof(out->kid));
	check_text(out->jti, sizeof(out->jti));
	check_text(out->roles, sizeof(out->roles));
	check_text(out->token_roles, sizeof(out->token_roles));
	check_text(out->message, sizeof(out->message));
	check_text(out->text, sizeof(out->text));
	FUZZ_CHECK((out->verdict == GATE_ALLOW) == (out->reason == 0));
	if (out->reason != 0) {
		FUZZ_CHECK(out->verdict == GATE_DENY);
		FUZZ_CHECK(err_class(out->reason) == ERR_CLASS_REFUSED);
		return;
	}
	FUZZ_CHECK(out->user[0] != '\0' && out->user[0] != '-');
	FUZZ_CHECK(strpbrk(out->user, "/ :@\\\"'\n") == NULL);
	FUZZ_CHECK(strcmp(out->user, "root") != 0);
	FUZZ_CHECK(out->expires > NOW - 30 && out->expires <= NOW + 100030);
	FUZZ_CHECK(out->auth_time <= NOW + 30);
	check_signature(token, n);
}

static void
decide(const char *token, size_t n, const char *service)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN | GATE_ROLES,
		.token = token,
		.token_len = n,
		.service = service,
	};
	struct gate_outcome out;
	char line[2048];
	int r;

	r = gate_decide(gate, &request, NOW, &out);
	FUZZ_CHECK(r == out.reason);
	check_outcome(&out, token, n);
	check_text(
	    gate_log_line(&request, &out, line, sizeof(line)), sizeof(line));
	if (strcmp(service, "sshd") == 0 && r == 0) {
		FUZZ_CHECK(out.roles[0] != '\0');
		FUZZ_CHECK(out.auth_time >= NOW - 5000);
	}
}

/* header '\n' payload, made a token; NULL when it would be too long. */
static char *
make_token(const char *data, size_t n)
{
	const char *line = memchr(data, '\n', n);
	size_t h = line != NULL ? (size_t)(line - data) : n;
	size_t p = line != NULL ? n - h - 1 : 0, len;
	bool longer = memmem(data, h, "HS512", 5) != NULL;
	char *token;

	if (n > JWS_MAX_LEN)
		return NULL;
	token = malloc(B64URL_ENCODED_LEN(h) + B64URL_ENCODED_LEN(p) + 160);
	FUZZ_CHECK(token != NULL);
	len = b64url_encode(token, data, h);
	token[len++] = '.';
	len += b64url_encode(token + len, data + n - p, p);
	token[len] = '.';
	sign(longer ? "SHA512" : "SHA256", token, len, token + len + 1);
	return token;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *token = NULL;

	if (gate == NULL)
		set_up();
	if (size == 0)
		return 0;
	if (data[0] == 'T') {
		decide(text + 1, size - 1, "sshd");
		decide(text + 1, size - 1, "other");
	} else if (data[0] == 'C' &&
	    (token = make_token(text + 1, size - 1)) != NULL) {
		decide(token, strlen(token), "sshd");
		decide(token, strlen(token), "other");
	}
	free(token);
	return 0;
}
