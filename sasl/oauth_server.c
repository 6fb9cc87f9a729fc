/*
 * The gate is opened when libsasl starts: in Postfix that is the only moment
 * with root's rights and outside of its chroot, so keys and revocations are
 * read then too. Where that fails it is tried again, at most once a second,
 * by whoever asks first; a gate that was opened stays until the end, and
 * looks after its files itself.
 *
 * libsasl calls mech_free once for each mechanism of the table, with the
 * context of that one, and its mutexes do nothing in some hosts: everything
 * that threads share here is atomic.
 */

#include "oauth_server.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "exchange.h"
#include "gate.h"
#include "gate_sasl.h"
#include "hostlog.h"
#include "mem.h"
#include "oauth_settings.h"

/* As PLAIN: a token is a password to whoever can read it on its way. */
#define SECURITY_FLAGS (SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS)
#define FEATURES (SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY)

struct oauth_server {
	atomic_uint holders; /* mechanisms that were not freed yet */
	bool broken; /* the options are not usable */
	struct oauth_settings settings;
	struct gate *_Atomic gate; /* owns */
	_Atomic int64_t tried; /* when it was last tried to be opened */
	_Atomic uint64_t said; /* which trouble the log was told last */
	char at_start[ERR_TEXT_MAX]; /* the trouble there was, or "" */
	struct oauth_face faces[MESSAGE_COUNT];
	sasl_server_plug_t plugs[MESSAGE_COUNT];
};

/* FNV-1a; 0 stands for no trouble. */
static uint64_t
print_of(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h | 1;
}

/*
 * What goes wrong is asked about again and again, and said once: through the
 * first connection, because before there is one libsasl knows no log but
 * that of the system, and there too.
 */
static void
say_trouble(struct oauth_server *s, const sasl_utils_t *utils, const char *text)
{
	static const char what[] =
	    "jwtgate: OAUTHBEARER and XOAUTH2 are not offered: %s";
	uint64_t print = print_of(text);

	if (utils->conn == NULL) {
		snprintf(s->at_start, sizeof(s->at_start), "%s", text);
		hostlog(utils, NULL, SASL_LOG_ERR, what, text);
	} else if (atomic_exchange(&s->said, print) != print) {
		hostlog(utils, utils->conn, SASL_LOG_ERR, what, text);
	}
}

/* Every program that knows SASL loads this; most of them are no host of it. */
static bool
is_unconfigured(const struct oauth_server *s)
{
	struct stat st;

	return !s->settings.config_given &&
	    stat(s->settings.config, &st) != 0 &&
	    (errno == ENOENT || errno == ENOTDIR);
}

static struct gate *
open_gate(struct oauth_server *s, const sasl_utils_t *utils, int64_t now)
{
	struct gate *gate = NULL, *other = NULL;
	struct err e = { 0 };
	int r;

	if (is_unconfigured(s))
		return NULL;
	r = gate_new(s->settings.config, &gate, &e);
	if (r != 0) {
		say_trouble(s, utils, err_text(&e, r));
		return NULL;
	}
	/* whoever is root may be about to give it up, and its folder too */
	if (geteuid() == 0)
		gate_preload(gate, now);
	if (atomic_compare_exchange_strong(&s->gate, &other, gate))
		return gate;
	gate_free(&gate);
	return other;
}

struct gate *
oauth_server_gate(
    struct oauth_server *s, const sasl_utils_t *utils, int64_t now)
{
	struct gate *gate;
	int64_t last;

	gate = atomic_load_explicit(&s->gate, memory_order_acquire);
	if (gate != NULL || s->broken)
		return gate;
	last = atomic_load(&s->tried);
	if (last == now ||
	    !atomic_compare_exchange_strong(&s->tried, &last, now))
		return NULL;
	return open_gate(s, utils, now);
}

const char *
oauth_server_service(
    const struct oauth_server *s, const sasl_server_params_t *sparams)
{
	return s->settings.service != NULL ? s->settings.service :
					     sparams->service;
}

/*
 * Whether a client would be let in with a good token. Not now may become yes
 * within the same session: TLS is started after the first listing.
 */
static int
oauth_server_avail(void *glob, sasl_server_params_t *sparams, void **context)
{
	const struct oauth_face *face = glob;
	struct oauth_server *s = face->server;
	const sasl_utils_t *utils = sparams->utils;
	const char *service = oauth_server_service(s, sparams);
	struct gate_sasl told;
	struct err e = { 0 };
	struct gate *gate;
	int r;

	(void)context;
	if (s->broken)
		say_trouble(s, utils, s->at_start);
	if (s->broken || service == NULL)
		return SASL_NOMECH;
	if (sparams->external_ssf <
	    oauth_settings_ssf(&s->settings, sparams->appname))
		return SASL_NOTDONE;
	gate = oauth_server_gate(s, utils, (int64_t)time(NULL));
	if (gate == NULL && s->at_start[0] != '\0')
		say_trouble(s, utils, s->at_start);
	if (gate == NULL)
		return SASL_NOTDONE;
	r = gate_sasl(gate, service, (int64_t)time(NULL), &told, &e);
	if (r == 0) {
		atomic_store(&s->said, 0);
		return SASL_OK;
	}
	/* a file that is there for others need not name this service */
	if (r != E_CONFIG_INVALID || s->settings.config_given)
		say_trouble(s, utils, err_text(&e, r));
	return SASL_NOTDONE;
}

static void
oauth_server_free(void *glob, const sasl_utils_t *utils)
{
	struct oauth_face *face = glob;
	struct oauth_server *s = face->server;
	struct gate *gate;

	(void)utils;
	if (atomic_fetch_sub(&s->holders, 1) != 1)
		return;
	gate = atomic_load(&s->gate);
	gate_free(&gate);
	oauth_settings_done(&s->settings);
	mem_free(&s, sizeof(*s));
}

static void
fill_plug(struct oauth_server *s, size_t i, enum message_mech mech)
{
	s->faces[i] = (struct oauth_face){ .server = s, .mech = mech };
	s->plugs[i] = (sasl_server_plug_t){
		.mech_name = message_name(mech),
		.max_ssf = 0,
		.security_flags = SECURITY_FLAGS,
		.features = FEATURES,
		.glob_context = &s->faces[i],
		.mech_new = exchange_new,
		.mech_step = exchange_step,
		.mech_dispose = exchange_dispose,
		.mech_free = oauth_server_free,
		.mech_avail = oauth_server_avail,
	};
}

int
oauth_server_open(
    const sasl_utils_t *utils, sasl_server_plug_t **plugs_out, int *count_out)
{
	struct oauth_server *s = mem_alloc(sizeof(*s));
	struct err e = { 0 };
	int r;

	if (s == NULL)
		return SASL_NOMEM;
	atomic_init(&s->holders, MESSAGE_COUNT);
	atomic_init(&s->gate, NULL);
	atomic_init(&s->tried, INT64_MIN);
	atomic_init(&s->said, 0);
	fill_plug(s, 0, MESSAGE_OAUTHBEARER);
	fill_plug(s, 1, MESSAGE_XOAUTH2);
	r = oauth_settings_read(utils, &s->settings, &e);
	if (r == E_NOMEM) {
		oauth_settings_done(&s->settings);
		mem_free(&s, sizeof(*s));
		return SASL_NOMEM;
	}
	s->broken = r != 0;
	if (s->broken)
		say_trouble(s, utils, err_text(&e, r));
	else
		(void)oauth_server_gate(s, utils, (int64_t)time(NULL));
	*plugs_out = s->plugs;
	*count_out = MESSAGE_COUNT;
	return SASL_OK;
}
