/*
 * keyring: the keys behind the issuers of a configuration, loaded when they
 * are first asked for and kept.
 */

#ifndef JWTGATE_KEYRING_H
#define JWTGATE_KEYRING_H

struct config_issuer;
struct err;
struct jwk_set;
struct keyring;

/* Returns 0 or E_NOMEM. */
int keyring_new(struct keyring **out);
void keyring_free(struct keyring **k);

/*
 * The keys that may have signed for this issuer, which is known by its
 * address and must outlive the keyring. *out is borrowed until the keyring
 * is freed. Returns 0, or E_KEYS_UNAVAILABLE with the file and what is wrong
 * with it (missing, unsafe owner or mode, broken, empty, a secret too short,
 * no key for the issuer's algorithms). A file with a secret or a private key
 * must not be readable by others; a file of public keys may be. What failed
 * is read anew at the next call.
 */
int keyring_get(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_set **out, struct err *e);

#endif
