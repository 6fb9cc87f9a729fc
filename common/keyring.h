/*
 * keyring: the keys behind the issuers of a configuration, loaded when they
 * are first asked for and kept. Many threads may ask at once.
 */

#ifndef JWTGATE_KEYRING_H
#define JWTGATE_KEYRING_H

#include <stdbool.h>

struct config_issuer;
struct err;
struct jwk_enc_set;
struct jwk_set;
struct keyring;
struct source_ear;

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
 * stays so for this keyring; the next one reads it anew.
 */
int keyring_get(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_set **out, struct err *e);

/*
 * The keys that decrypt for this issuer, which has an encryption part; as
 * above. The file holds secrets or private keys and must not be readable by
 * others.
 */
int keyring_get_enc(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_enc_set **out, struct err *e);

/*
 * Gives to what another keyring has for this issuer or, in an older
 * configuration, for its like: read anew when the file changed, the last
 * good version otherwise (source_renew). Returns 0 or E_NOMEM.
 */
int keyring_carry(struct keyring *to, const struct config_issuer *issuer,
    const struct keyring *from, const struct source_ear *ear, bool *changed);

#endif
