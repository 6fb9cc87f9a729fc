/*
 * saslcheck: what is wrong with a host's SASL configuration, in words. A
 * reader per host knows where its files lie and what they mean to libsasl;
 * what all of them share is here. Nothing is written but findings, one line
 * each, "FILE:LINE: sentence", on standard output.
 */

#ifndef JWTGATE_SASLCHECK_H
#define JWTGATE_SASLCHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_policy;

#define SASLCHECK_FILE_MAX (1024 * 1024)
#define SASLCHECK_SAID_MAX 64 /* findings; a further one may be repeated */
#define SASLCHECK_LONGEST 16384 /* bytes of the longest token we take */
#define SASLCHECK_LINE (24 * 1024) /* that holds it, in base64 */

/* A check of one host. Zero but for root and file, which are borrowed. */
struct saslcheck {
	const char *root; /* "" for this machine */
	const char *file; /* the host's own file, where said; else NULL */
	char *said[SASLCHECK_SAID_MAX]; /* owns: each finding, told once */
	size_t findings;
	size_t files; /* that were read */
	int status; /* CLI_DONE, or what kept the check from being made */
};

/* One setting of a file; both texts are owned by the file. */
struct saslcheck_line {
	char *key; /* lower case, but for SASLCHECK_WORDS */
	char *value; /* without blanks around it */
	unsigned number; /* of its line, from 1 */
};

struct saslcheck_file {
	char path[PATH_MAX]; /* as it is shown */
	struct saslcheck_line *lines; /* owns */
	size_t count;
};

/* How a file is written. */
enum saslcheck_syntax {
	SASLCHECK_COLON, /* key: value */
	SASLCHECK_POSTFIX, /* key = value, continued by a blank in front */
	SASLCHECK_SECTIONS, /* [part], then key = value: "part.key" */
	SASLCHECK_LDIF, /* key: value or key:: base64, folded */
	SASLCHECK_WORDS /* key value, continued by a blank in front */
};

/* What the checks that are alike have to know of a host. */
struct saslcheck_host {
	const char *service; /* the name it gives to SASL: "smtp" */
	const char *user; /* it runs as; NULL where nobody can know */
	const char *prefix; /* of SASL options in its file: "sasl_" or "" */
	bool tells_ssf; /* it says how strong its channel is */
	const char *jail; /* where it goes once it has begun; or NULL */
	const char *jail_user; /* as whom */
};

/* One finding. number: of the line, 0 for the whole file. */
void saslcheck_find(struct saslcheck *c, const char *path, unsigned number,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* root and name, put together in buf. */
const char *saslcheck_path(
    const struct saslcheck *c, const char *name, char buf[PATH_MAX]);
bool saslcheck_exists(const struct saslcheck *c, const char *name);

/*
 * Reads a file of the host; name is without root. Returns false where there
 * is none (nothing is said), or it cannot be read (which is a finding).
 * saslcheck_done() in either case.
 */
bool saslcheck_read(struct saslcheck *c, const char *name,
    enum saslcheck_syntax syntax, struct saslcheck_file *out);
/* The same, with a path that was put together already. */
bool saslcheck_read_at(struct saslcheck *c, const char *path,
    enum saslcheck_syntax syntax, struct saslcheck_file *out);
void saslcheck_done(struct saslcheck_file *f);

/* Frees what was said. */
void saslcheck_end(struct saslcheck *c);

/* The one file without which there is no such host: sets c->status. */
void saslcheck_absent(struct saslcheck *c, const char *what);

/* The first line of a key, the one after a line, or NULL. */
const struct saslcheck_line *saslcheck_get(
    const struct saslcheck_file *f, const char *key);
const struct saslcheck_line *saslcheck_next(const struct saslcheck_file *f,
    const struct saslcheck_line *after, const char *key);
const char *saslcheck_value(
    const struct saslcheck_file *f, const char *key, const char *otherwise);
bool saslcheck_yes(const char *value); /* yes, true, on, 1, t */

/* Whether a list, parted by blanks or commas, has a word; in any case. */
bool saslcheck_has(const char *list, const char *word);

/*
 * What libsasl itself does with a configuration file of its own: the whole
 * server loses SASL by one bad line.
 */
void saslcheck_conf(struct saslcheck *c, const struct saslcheck_file *f);

/*
 * mech_list and our options, in a file of libsasl's or the host's, then the
 * jwtgate.json they lead to. Returns the policy of the host's service, in
 * *config_out which the caller frees, or NULL.
 */
const struct config_policy *saslcheck_options(struct saslcheck *c,
    const struct saslcheck_file *f, const struct saslcheck_host *host,
    struct config **config_out);

/*
 * The file where libsasl looks for NAME.conf in these folders, the last of
 * which is NULL. Where it is not, but in one of the others, this is said.
 */
bool saslcheck_find_conf(struct saslcheck *c, const char *name,
    const char *const *folders, struct saslcheck_file *out);

/* That a user can read a file, folders above it included; NULL: root. */
bool saslcheck_readable(
    struct saslcheck *c, const char *name, const char *user);

/*
 * That a host which goes into a chroot finds a file again there, by the same
 * name, once it has changed.
 */
void saslcheck_jailed(
    struct saslcheck *c, const char *name, const struct saslcheck_host *host);

/* That libsasl finds the plugin at all. */
void saslcheck_plugin(struct saslcheck *c);

/* The readers; each returns nothing and fills c. */
void saslcheck_postfix(struct saslcheck *c);
void saslcheck_slapd(struct saslcheck *c);
void saslcheck_imapd(struct saslcheck *c);
void saslcheck_memcached(struct saslcheck *c);
void saslcheck_svnserve(struct saslcheck *c);

#endif
