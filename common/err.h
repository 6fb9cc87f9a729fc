/*
 * err: what went wrong, said once.
 *
 * Every fallible function returns 0 or one negative code of this table and
 * may leave one sentence in the caller's struct err. The reason codes of a
 * refused login are rows of the same table: logs, exit codes and manual
 * pages all print err_name().
 */

#ifndef JWTGATE_ERR_H
#define JWTGATE_ERR_H

/* What kind of answer a code is; jwtgate(1) exits with this number. */
enum err_class {
	ERR_CLASS_NONE = 0,
	ERR_CLASS_REFUSED = 1, /* looked at and turned down */
	ERR_CLASS_CONFIG = 2, /* the administrator must act */
	ERR_CLASS_UNAVAILABLE = 3 /* could not be looked at */
};

/*
 * X(code, word, class, sentence). First the general codes, then the reason
 * codes, whose words are a contract: they are never renamed or reused.
 */
#define ERR_TABLE(X) \
	X(NOMEM, "out_of_memory", UNAVAILABLE, "out of memory") \
	X(IO, "io_error", UNAVAILABLE, "input or output failed") \
	X(SYNTAX, "syntax_error", CONFIG, "the text does not parse") \
	X(RANGE, "out_of_range", CONFIG, "a value is too long or too large") \
	X(PERM, "permissions", CONFIG, "owner or mode is not safe") \
	X(KEY, "key_invalid", CONFIG, "the key is not usable") \
	X(CRYPTO, "crypto_error", UNAVAILABLE, "OpenSSL failed") \
	ERR_REASONS(X)

#define ERR_REASONS(X) \
	X(TOKEN_MISSING, "token_missing", REFUSED, "no token was given") \
	X(HEADER_INVALID, "header_invalid", REFUSED, \
	    "the token's header is not acceptable") \
	X(TOKEN_MALFORMED, "token_malformed", REFUSED, \
	    "this is not a well-formed token") \
	X(TOKEN_TOO_LONG, "token_too_long", REFUSED, \
	    "the token is longer than allowed") \
	X(ALGORITHM_REFUSED, "algorithm_refused", REFUSED, \
	    "the signature algorithm is not allowed") \
	X(KEY_UNKNOWN, "key_unknown", REFUSED, \
	    "no configured key fits the token") \
	X(SIGNATURE_INVALID, "signature_invalid", REFUSED, \
	    "the signature does not hold") \
	X(ISSUER_UNKNOWN, "issuer_unknown", REFUSED, \
	    "the issuer is not one of ours") \
	X(AUDIENCE_WRONG, "audience_wrong", REFUSED, \
	    "the token is meant for another audience") \
	X(PARTY_WRONG, "party_wrong", REFUSED, \
	    "the token was issued to another client") \
	X(TYPE_WRONG, "type_wrong", REFUSED, "the token is of another type") \
	X(TOKEN_EXPIRED, "token_expired", REFUSED, "the token has expired") \
	X(TOKEN_NOT_YET_VALID, "token_not_yet_valid", REFUSED, \
	    "the token is not valid yet") \
	X(TOKEN_TOO_OLD, "token_too_old", REFUSED, \
	    "the authentication was too long ago") \
	X(LIFETIME_TOO_LONG, "lifetime_too_long", REFUSED, \
	    "the token lives longer than allowed") \
	X(CLAIM_MISSING, "claim_missing", REFUSED, \
	    "a required claim is missing or has another value") \
	X(SCOPE_MISSING, "scope_missing", REFUSED, \
	    "a required scope is missing") \
	X(USER_MISMATCH, "user_mismatch", REFUSED, \
	    "the token speaks for another user") \
	X(USER_INVALID, "user_invalid", REFUSED, \
	    "the user name is not acceptable") \
	X(TOKEN_REVOKED, "token_revoked", REFUSED, "the token was revoked") \
	X(TOKEN_REPLAYED, "token_replayed", REFUSED, \
	    "the token was used before") \
	X(POSSESSION_MISSING, "possession_missing", REFUSED, \
	    "the token is bound to a key that was not shown") \
	X(PASSWORD_WRONG, "password_wrong", REFUSED, \
	    "the password is not that of the user") \
	X(PASSWORD_EXPIRED, "password_expired", REFUSED, \
	    "the password has expired or has to be changed first") \
	X(ACCOUNT_LOCKED, "account_locked", REFUSED, \
	    "the directory has locked the account") \
	X(ROLE_MISSING, "role_missing", REFUSED, \
	    "the user holds none of the roles asked for") \
	X(THROTTLED, "throttled", REFUSED, "too many attempts") \
	X(DIRECTORY_UNAVAILABLE, "directory_unavailable", UNAVAILABLE, \
	    "the directory could not be asked") \
	X(KEYS_UNAVAILABLE, "keys_unavailable", UNAVAILABLE, \
	    "the keys could not be loaded") \
	X(CONFIG_INVALID, "config_invalid", CONFIG, \
	    "the configuration is not usable")

enum err_row {
	ERR_ROW_OK,
#define X(code, word, class, sentence) ERR_ROW_##code,
	ERR_TABLE(X)
#undef X
	ERR_ROW_COUNT
};

enum err_code {
	E_OK = 0,
#define X(code, word, class, sentence) E_##code = -(int)ERR_ROW_##code,
	ERR_TABLE(X)
#undef X
};

#define ERR_TEXT_MAX 512

/* Caller's storage; initialise with { 0 }. The first error wins. */
struct err {
	int code;
	char text[ERR_TEXT_MAX];
};

/*
 * A function for what is wrong. It stays a function: in its place its buffers
 * would be everybody's, and the way where nothing is wrong longer.
 */
#define ERR_COLD __attribute__((cold, noinline))

/*
 * Records code and one sentence unless e (may be NULL) already holds an
 * error. Foreign text in the arguments must have passed str_printable().
 * Returns code, so that a caller can write `return err_set(e, E_IO, ...)`.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "text: " in front of a recorded sentence; no-op when there is none. */
void err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets what was recorded, for a caller that goes on after a failure. */
void err_clear(struct err *e);

/* The stable word of a code ("token_expired"); "ok" for 0, never NULL. */
const char *err_name(int code);

/* The recorded sentence, or the table's own when none was recorded. */
const char *err_text(const struct err *e, int code);

enum err_class err_class(int code);

/* 1 when code is a reason of DESIGN §4 rather than a general code. */
int err_is_reason(int code);

#endif
