/*
 * test_config_keys: every mistake the schema knows, with its place, its key
 * path and the nearest word, and beside each the text that is right. Texts
 * are written with ' for ".
 */

#include "testutil.h"

#include "config.h"
#include "err.h"

#define TEXT_MAX 2048

/* Where the text of a row stands: always on line 2. */
enum place {
	WHOLE, /* the row is the file */
	AUTH,
	ISSUER,
	DIRECTORY,
	COMMON,
	SERVICE,
	PLACES
};

static const struct {
	const char *before;
	const char *after;
} places[PLACES] = {
	[WHOLE] = { "", "" },
	[AUTH] = { "{'common': {'authentication': {\n", "\n}}}" },
	[ISSUER] = { "{'common': {'issuers': [{'issuer': 'i', 'keys_file': "
		     "'/k',"
		     "'algorithms': ['ES256'], 'audience': ['a'],\n",
	    "\n}]}}" },
	[DIRECTORY] = { "{'common': {'directory': {'base': 'dc=x',\n",
	    "\n}}}" },
	[COMMON] = { "{'common': {\n", "\n}}" },
	[SERVICE] = { "{'common': {'authentication': {'jwtsecret_file': '/s',"
		      "'issuer': 'i', 'authorize': {'role1': 'cn=1',"
		      "'operators': 'cn=2', 'unauthorized': 'no'}}},"
		      "'services': {'sshd': {\n",
	    "\n}}}" },
};

#define S31 "1234567890123456789012345678901"
#define S32 S31 "2"
#define KEY "'jwtsigningkey_file': '/k'"
#define URI "'uri': ['ldaps://h']"
#define TRIAD "'keys_file': '/k', 'algorithms': ['ES256'], 'audience': ['a']"

#define LOOPS "(a*)*(a|b*)+(a?)*()*(a+)*"

struct row {
	const char *why;
	enum place place;
	const char *bad;
	const char *want;
	const char *good;
};

static const struct row structure[] = {
	{ "nothing at all", WHOLE, "", "f:1:1: ", "{}" },
	{ "an array", WHOLE, "[]", "f:1:1: must be an object, not an array",
	    "{}" },
	{ "something behind it", WHOLE, "{} {}", "f:1:4: ", "{} // {}" },
	{ "a byte order mark", WHOLE, "\xef\xbb\xbf{}", "f:1:1: ", "{}" },
	{ "common misspelt", WHOLE, "{\n 'comon': {}}",
	    "f:2:2: comon: unknown part (did you mean 'common'?)",
	    "{\n 'application': {}}" },
	{ "services misspelt", WHOLE, "{'service': {}}",
	    "f:1:2: service: unknown part (did you mean 'services'?)",
	    "{'servlet': {}}" },
	{ "a part of common beside it", WHOLE,
	    "{'common': {},\n'authentication': {'authorize': {'r': 'cn=r'}}}",
	    "f:2:1: authentication: is a part of common, and stands beside it",
	    "{'common':\n{'authentication': {'authorize': {'r': 'cn=r'}}}}" },
	{ "a revocation list beside common", WHOLE,
	    "{'common': {}, 'revocation': {'file': '/r'}}",
	    "f:1:16: revocation: is a part of common",
	    "{'common': {'revocation': {'file': '/r'}}}" },
	{ "common is null", WHOLE, "{'common': null}",
	    "f:1:12: common: must be an object, not null", "{'common': {}}" },
	{ "services is null", WHOLE, "{'services': null}",
	    "f:1:14: services: must be an object, not null",
	    "{'services': {}}" },
	{ "a key said twice", WHOLE,
	    "{'common': {'authentication': {\n"
	    " 'issuer': 'a', /* { */ 'issuer': 'b'}}}",
	    "f:2:25: common.authentication.issuer: repeated member name",
	    "{'common': {'authentication': {\n"
	    " 'issuer': 'a', /* 'issuer': 'b' */ 'jwtalgorithm': 'HS256'}}}" },
	{ "a key said twice in an issuer", WHOLE,
	    "{'common': {'issuers': [{}, {\n'issuer': 'a', 'issuer': 'b'}]}}",
	    "f:2:16: common.issuers[1].issuer: repeated",
	    "{'common': {'issuers': [{'issuer': 'a', " TRIAD "}, {\n"
	    "'issuer': 'b', " TRIAD "}]}}" },
	{ "a key said twice in a foreign part", WHOLE,
	    "{'application': {'a': 1, 'a': 2}}",
	    "f:1:26: application.a: repeated",
	    "{'application': {'a': 1, 'b': {'a': 2}}}" },
	{ "a comma too much", WHOLE, "{'common': {'issuers': [1,]}}",
	    "f:1:27: common.issuers[1]: expected a value",
	    "{'common': {'issuers': []}}" },
	{ "a control byte in a value", AUTH, "'issuer': 'a\tb'",
	    "f:2:13: common.authentication.issuer: control byte",
	    "'issuer': 'a\\tb'" },
	{ "NUL in a value", AUTH, "'issuer': 'a\\u0000b'",
	    "common.authentication.issuer: ", "'issuer': 'a\\u0001b'" },
	{ "an unknown key, near one", AUTH, "'jwtsecrt': 'x'",
	    "f:2:1: common.authentication.jwtsecrt: unknown key (did you "
	    "mean 'jwtsecret'?)",
	    "'jwtsecret': '" S32 "'" },
	{ "an unknown key, near none", AUTH, "'zebra': 1",
	    "f:2:1: common.authentication.zebra: unknown key",
	    "'issuer': 'zebra'" },
	{ "an unknown key of common", COMMON, "'isuers': []",
	    "f:2:1: common.isuers: unknown key (did you mean 'issuers'?)",
	    "'issuers': []" },
	{ "an unknown key of the second issuer", WHOLE,
	    "{'common': {'issuers': [{'issuer': 'i', " TRIAD "},\n"
	    "  { 'kid': 1}]}}",
	    "f:2:5: common.issuers[1].kid: unknown key",
	    "{'common': {'issuers': [{'issuer': 'i', " TRIAD "}]}}" },
	{ "sync in a service", SERVICE, "'sync': {}",
	    "f:2:1: services.sshd.sync: unknown key", "'fraud': {}" },
	{ "a key that would move the cursor", AUTH, "'\\u001b[2J': 1",
	    "f:2:1: common.authentication.\\x1b[2J: unknown key", "" },
};

static const struct row own[] = {
	{ "a number for a secret", AUTH, "'jwtsecret': 7",
	    "f:2:14: common.authentication.jwtsecret: must be a string, not "
	    "a whole number",
	    "'jwtsecret': '" S32 "'" },
	{ "null for a secret", AUTH, "'jwtsecret': null",
	    "must be a string, not null", "'jwtsecret': '" S32 "'" },
	{ "an empty secret", AUTH, "'jwtsecret': ''", "must not be empty",
	    "'jwtsecret': '" S32 "'" },
	{ "a secret of 31 bytes for HS256", AUTH, "'jwtsecret': '" S31 "'",
	    "f:2:14: common.authentication.jwtsecret: is too short: HS256 "
	    "needs a secret of at least 32 bytes (RFC 7518 section 3.2), "
	    "this one has 31",
	    "'jwtsecret': '" S32 "'" },
	{ "a secret of 32 bytes for HS512", AUTH,
	    "'jwtsecret': '" S32 "', 'jwtalgorithm': 'HS512'",
	    "HS512 needs a secret of at least 64 bytes",
	    "'jwtsecret': '" S32 S32 "', 'jwtalgorithm': 'HS512'" },
	{ "two secrets", AUTH, "'jwtsecret': '" S32 "', 'jwtsecret_file': '/s'",
	    "common.authentication.jwtsecret_file: stands beside jwtsecret",
	    "'jwtsecret_file': '/s'" },
	{ "a relative path", AUTH, "'jwtsecret_file': 's'",
	    "f:2:19: common.authentication.jwtsecret_file: must be an "
	    "absolute path",
	    "'jwtsecret_file': '/s'" },
	{ "an empty path", AUTH, "'jwtsigningkey_file': ''",
	    "must not be empty", KEY },
	{ "the algorithm none", AUTH, KEY ", 'jwtalgorithm': 'none'",
	    "jwtalgorithm: 'none' is no signature and is never accepted",
	    KEY ", 'jwtalgorithm': 'ES256'" },
	{ "an unknown algorithm", AUTH, KEY ", 'jwtalgorithm': 'ES265'",
	    "jwtalgorithm: is no signature algorithm known here (did you "
	    "mean 'ES256'?)",
	    KEY ", 'jwtalgorithm': 'ES256'" },
#ifndef HAVE_ML_DSA
	{ "an algorithm that OpenSSL lacks", AUTH,
	    KEY ", 'jwtalgorithm': 'ML-DSA-44'",
	    "jwtalgorithm: needs OpenSSL 3.5 or newer", KEY },
#endif
	{ "an algorithm in small letters", AUTH,
	    KEY ", 'jwtalgorithm': 'es256'", "did you mean 'ES256'?", KEY },
	{ "a secret for ES256", AUTH,
	    "'jwtsecret': '" S32 "', 'jwtalgorithm': 'ES256'",
	    "jwtalgorithm: needs jwtsigningkey_file",
	    "'jwtsecret': '" S32 "', 'jwtalgorithm': 'HS256'" },
	{ "a key for HS256", AUTH, KEY ", 'jwtalgorithm': 'HS256'",
	    "jwtalgorithm: needs jwtsecret_file or jwtsecret",
	    KEY ", 'jwtalgorithm': 'PS512'" },
	{ "both, and no algorithm", AUTH, KEY ", 'jwtsecret_file': '/s'",
	    "f:1:31: common.authentication.jwtalgorithm: is required where",
	    KEY ", 'jwtsecret_file': '/s', 'jwtalgorithm': 'ES256'" },
	{ "no lifetime", AUTH, KEY ", 'jwtexpireoffset': 0",
	    "must be a whole number from 1 to 9007199254740991",
	    KEY ", 'jwtexpireoffset': 1" },
	{ "a lifetime over the longest", AUTH, KEY ", 'jwtexpireoffset': 86401",
	    "f:2:48: common.authentication.jwtexpireoffset: is over "
	    "max_lifetime (86400)",
	    KEY ", 'jwtexpireoffset': 86401, 'max_lifetime': 86401" },
	{ "a lifetime with a fraction", AUTH, KEY ", 'jwtexpireoffset': 1.5",
	    "must be a whole number from", KEY ", 'jwtexpireoffset': 2" },
	{ "a lifetime in quotes", AUTH, KEY ", 'jwtexpireoffset': '1800'",
	    "must be a whole number, not a string",
	    KEY ", 'jwtexpireoffset': 1800" },
	{ "a lifetime beyond every integer", AUTH,
	    KEY ", 'max_lifetime': 99999999999999999999",
	    "must be a whole number from",
	    KEY ", 'max_lifetime': 9007199254740991" },
	{ "one second more than 2^53-1", AUTH,
	    KEY ", 'max_lifetime': 9007199254740992",
	    "must be a whole number from", KEY ", 'max_lifetime': 1" },
	{ "an audience as a string", AUTH, "'audience': 'a'",
	    "audience: must be an array of strings, not a string",
	    "'audience': ['a']" },
	{ "no audience in the list", AUTH, "'audience': []",
	    "audience: must not be empty", "'audience': ['a']" },
	{ "an empty audience", AUTH, "'audience': ['a', '']",
	    "f:2:19: common.authentication.audience[1]: must not be empty",
	    "'audience': ['a', 'b']" },
	{ "a query that is no string", AUTH, "'authorize': {'r': ['cn=x']}",
	    "authorize.r: must be a string, not an array",
	    "'authorize': {'r': 'cn=x'}" },
	{ "a role with a blank", AUTH, "'authorize': {'r 1': 'cn=x'}",
	    "f:2:15: common.authentication.authorize.r 1: is no name",
	    "'authorize': {'r_1:x.y-': 'cn=x'}" },
	{ "the sentence in capitals", AUTH,
	    "'authorize': {'Unauthorized': 'x'}",
	    "unknown key (did you mean 'unauthorized'?)",
	    "'authorize': {'unauthorized': 'x'}" },
	{ "the sentence misspelt", AUTH, "'authorize': {'unauthorised': 'x'}",
	    "unknown key (did you mean 'unauthorized'?)",
	    "'authorize': {'unauthorized': 'x', 'authorized': 'cn=x'}" },
	{ "encryption without keys", AUTH, "'encryption': {}",
	    "encryption.keys_file: is required",
	    "'encryption': {'keys_file': '/k'}" },
	{ "an encryption nobody may use", AUTH,
	    "'encryption': {'keys_file': '/k', 'algorithms': ['RSA1_5']}",
	    "encryption.algorithms[0]: must be ECDH-ES, ",
	    "'encryption': {'keys_file': '/k', 'algorithms': ['dir']}" },
	{ "a near encryption", AUTH,
	    "'encryption': {'keys_file': '/k', 'enc': ['A256GMC']}",
	    "did you mean 'A256GCM'?",
	    "'encryption': {'keys_file': '/k', 'enc': ['A256GCM']}" },
};

static const struct row issuers[] = {
	{ "no issuer", WHOLE, "{'common': {'issuers': [{" TRIAD "}]}}",
	    "f:1:25: common.issuers[0].issuer: is required",
	    "{'common': {'issuers': [{'issuer': 'i', " TRIAD "}]}}" },
	{ "no keys", WHOLE,
	    "{'common': {'issuers': [{'issuer': 'i', 'algorithms': ['ES256'],"
	    "'audience': ['a']}]}}",
	    "common.issuers[0].keys_file: is required",
	    "{'common': {'issuers': []}}" },
	{ "no algorithms", WHOLE,
	    "{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
	    "'audience': ['a']}]}}",
	    "common.issuers[0].algorithms: is required", "{'common': {}}" },
	{ "no audience", WHOLE,
	    "{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
	    "'algorithms': ['ES256']}]}}",
	    "common.issuers[0].audience: is required", "{}" },
	{ "an issuer that is no object", WHOLE, "{'common':{'issuers':['i']}}",
	    "f:1:23: common.issuers[0]: must be an object, not a string",
	    "{'common':{'issuers':[]}}" },
	{ "an empty name", WHOLE, "{'common':{'issuers':[{'issuer':''}]}}",
	    "f:1:33: common.issuers[0].issuer: must not be empty", "{}" },
	{ "the same issuer twice", WHOLE,
	    "{'common': {'issuers': [{'issuer': 'i', " TRIAD "},\n"
	    "{'issuer': 'i', " TRIAD "}]}}",
	    "f:2:12: common.issuers[1].issuer: is the issuer of "
	    "common.issuers[0] already",
	    "{'common': {'issuers': [{'issuer': 'i', " TRIAD "},\n"
	    "{'issuer': 'j', " TRIAD "}]}}" },
	{ "an issuer of our own name", WHOLE,
	    "{'common': {'authentication': {" KEY ", 'issuer': 'i'},\n"
	    "'issuers': [{'issuer': 'i', " TRIAD "}]}}",
	    "is the issuer of common.authentication already",
	    "{'common': {'authentication': {" KEY "},\n"
	    "'issuers': [{'issuer': 'i', " TRIAD "}]}}" },
	{ "secrets beside key pairs", WHOLE,
	    "{'common':{'issuers':[{'issuer':'i','keys_file':'/k','audience':"
	    "['a'],\n'algorithms':['ES256','HS256']}]}}",
	    "f:2:23: common.issuers[0].algorithms[1]: mixes HS*",
	    "{'common':{'issuers':[{'issuer':'i','keys_file':'/k','audience':"
	    "['a'],\n'algorithms':['HS512','HS256']}]}}" },
	{ "an algorithm said twice", WHOLE,
	    "{'common':{'issuers':[{'issuer':'i','keys_file':'/k','audience':"
	    "['a'],\n'algorithms':['ES256','ES256']}]}}",
	    "algorithms[1]: is said twice",
	    "{'common':{'issuers':[{'issuer':'i','keys_file':'/k','audience':"
	    "['a'],\n'algorithms':['ES256','ES384']}]}}" },
	{ "none among the algorithms", WHOLE,
	    "{'common':{'issuers':[{'algorithms':['none']}]}}",
	    "algorithms[0]: 'none' is no signature", "{}" },
	{ "a secret in an issuer", ISSUER, "'jwtsecret': '" S32 "'",
	    "f:2:1: common.issuers[0].jwtsecret: unknown key",
	    "'roles_claim': 'groups'" },
	{ "keys from a file URI", ISSUER, "'jwks_uri': 'file:///k'",
	    "jwks_uri: must begin with https:// or http://",
	    "'jwks_uri': 'https://h/k'" },
	{ "300 seconds and one", ISSUER, "'clock_skew': 301",
	    "f:2:15: common.issuers[0].clock_skew: must be a whole number "
	    "from 0 to 300",
	    "'clock_skew': 300" },
	{ "a negative skew", ISSUER, "'clock_skew': -1",
	    "must be a whole number from 0 to 300", "'clock_skew': 0" },
	{ "no type", ISSUER, "'types': []", "types: must not be empty",
	    "'types': ['JWT']" },
	{ "no party", ISSUER, "'authorized_parties': []", "must not be empty",
	    "'authorized_parties': ['c']" },
	{ "a scope that is no string", ISSUER, "'scopes': ['a', 1]",
	    "scopes[1]: must be a string, not a whole number", "'scopes': []" },
	{ "a claim that is an object", ISSUER,
	    "'required_claims': {'a': {'b': 1}}",
	    "required_claims.a: must be a string, a number, true or false, "
	    "not an object",
	    "'required_claims': {'a.b': 1, 'c': 'd', 'e': true, 'f': 1.5}" },
	{ "a claim that is null", ISSUER, "'required_claims': {'a': null}",
	    "not null", "'required_claims': {'a': false}" },
	{ "a claim without a name", ISSUER, "'required_claims': {'': 1}",
	    "a name must not be empty", "'required_claims': {' ': 1}" },
	{ "strip as a string", ISSUER, "'user_domain': {'strip': 'x'}",
	    "user_domain.strip: must be an array of strings",
	    "'user_domain': {'strip': ['x']}" },
	{ "nobody allowed", ISSUER, "'users': {'allow': []}",
	    "users.allow: must not be empty",
	    "'users': {'allow': ['*'], 'deny': []}" },
	{ "an age from nowhere", ISSUER, "'auth_time_from': 'nbf'",
	    "must be auth_time or iat", "'auth_time_from': 'iat'" },
	{ "a ( too much", ISSUER, "'user_pattern': '(a'",
	    "user_pattern: is no usable regular expression: a ( without its )",
	    "'user_pattern': '(a)'" },
	{ "a ) that ends our anchor", ISSUER, "'user_pattern': 'a)|(b'",
	    "a ) without its (", "'user_pattern': '(a)|(b)'" },
	{ "a [ too much", ISSUER, "'user_pattern': '[[:alpha:]'",
	    "a [ or { without its end", "'user_pattern': '[[:alpha:])]'" },
	{ "what regcomp refuses", ISSUER, "'user_pattern': '[b-a]'",
	    "Invalid range end", "'user_pattern': '[a-b]'" },
	{ "a back-reference", ISSUER, "'user_pattern': '(a*)\\\\1'",
	    "back-references", "'user_pattern': '(a*)\\\\.'" },
	{ "a backslash at the end", ISSUER, "'user_pattern': 'a\\\\'",
	    "a backslash at the end", "'user_pattern': 'a\\\\\\\\'" },
	{ "a { too much", ISSUER, "'user_pattern': 'a{1'",
	    "a [ or { without its end", "'user_pattern': 'a{1}'" },
	{ "a bound of a bound", ISSUER, "'user_pattern': 'a{30}{30}'",
	    "it repeats too often", "'user_pattern': 'a{30}b{30}'" },
	{ "a pattern of minutes", ISSUER,
	    "'user_pattern': '" LOOPS LOOPS LOOPS LOOPS "'",
	    "it repeats too often", "'user_pattern': '" LOOPS LOOPS "'" },
	{ "the same, written out", ISSUER, "'user_pattern': '((a*)*){20}'",
	    "it repeats too often", "'user_pattern': '((a*)*){10}'" },
	{ "the same, without a star", ISSUER,
	    "'user_pattern': '((a?){0,}){20}'", "it repeats too often",
	    "'user_pattern': '((a?){0,3}){20}'" },
	{ "a pattern of gigabytes", ISSUER,
	    "'user_pattern': '((a{99}){99}){99}'", "it repeats too often",
	    "'user_pattern': '([a-z]{0,63}-){1,9}'" },
};

static const struct row parts[] = {
	{ "no server", DIRECTORY, "'uri': []", "uri: must not be empty", URI },
	{ "no uri", DIRECTORY, "'cache_seconds': 1",
	    "common.directory.uri: is required", URI ", 'cache_seconds': 1" },
	{ "no base", COMMON, "'directory': {" URI "}",
	    "f:2:14: common.directory.base: is required",
	    "'directory': {" URI ", 'base': 'dc=x'}" },
	{ "another scheme", DIRECTORY, "'uri': ['http://h']",
	    "f:2:9: common.directory.uri[0]: must begin with ldaps://, "
	    "ldap:// or ldapi://",
	    "'uri': ['ldapi://%2frun%2fldapi']" },
	{ "ldap in the clear", DIRECTORY, "'uri': ['ldaps://a', 'ldap://b']",
	    "f:2:22: common.directory.uri[1]: ldap:// is readable on the way",
	    "'uri': ['ldap://b'], 'start_tls': true" },
	{ "ldap in the clear, said by a wrong word", DIRECTORY,
	    "'uri': ['ldap://b'], 'insecure_plaintext': false",
	    "ldap:// is readable on the way",
	    "'uri': ['ldap://b'], 'insecure_plaintext': true" },
	{ "a truth in quotes", DIRECTORY, URI ", 'start_tls': 'true'",
	    "start_tls: must be true or false, not a string",
	    URI ", 'start_tls': true" },
	{ "a name without a password", DIRECTORY, URI ", 'bind_dn': 'cn=a'",
	    "f:2:34: common.directory.bind_dn: needs bind_password_file",
	    URI ", 'bind_dn': 'cn=a', 'bind_password_file': '/p'" },
	{ "a password without a name", DIRECTORY,
	    URI ", 'bind_password_file': '/p'",
	    "common.directory.bind_password_file: needs bind_dn beside it",
	    URI },
	{ "a filter that fits everybody", DIRECTORY,
	    URI ", 'user_filter': '(uid=*)'", "that names {user}",
	    URI ", 'user_filter': '(mail={user}@x)'" },
	{ "no deadline", DIRECTORY, URI ", 'deadline_ms': 0",
	    "must be a whole number from 1 to 60000",
	    URI ", 'deadline_ms': 60000" },
	{ "a socket path too long", COMMON,
	    "'fraud': {'socket': '/" S32 S32 S32 "12345678901'}",
	    "fraud.socket: is too long: at most 107 bytes are taken",
	    "'fraud': {'socket': '/" S32 S32 S32 "1234567890'}" },
	{ "a word for another", COMMON, "'fraud': {'when_unavailable':'deni'}",
	    "must be allow or deny (did you mean 'deny'?)",
	    "'fraud': {'when_unavailable': 'deny'}" },
	{ "revocations from nowhere", COMMON, "'revocation': {}",
	    "common.revocation.file: is required",
	    "'revocation': {'file': '/r'}" },
	{ "a proxy without a scheme", COMMON, "'sync': {'proxy': 'proxy:80'}",
	    "sync.proxy: must begin with http:// or https://",
	    "'sync': {'proxy': 'http://proxy:80', 'ca_file': '/c'}" },
};

static const struct row services[] = {
	{ "a key that the algorithm of common passes over", WHOLE,
	    "{'common': {'authentication': {" KEY ", 'jwtalgorithm': "
	    "'ES256'}}, 'services': {'s': {'require': 'token_only',"
	    "'authentication': {'jwtsecret_file': '/s'}}}}",
	    "services.s.authentication.jwtalgorithm: needs jwtsigningkey_file",
	    "{'common': {'authentication': {" KEY ", 'jwtalgorithm': "
	    "'ES256'}}, 'services': {'s': {'require': 'token_only',"
	    "'authentication': {'jwtsecret_file': '/s', 'jwtalgorithm': "
	    "'HS256'}}}}" },
	{ "a name with a slash", WHOLE, "{'services': {'a/b': {}}}",
	    "f:1:15: services.a/b: is no name",
	    "{'services': {'a': {'require': 'token_only'}}}" },
	{ "a service that is no object", WHOLE, "{'services': {'a': true}}",
	    "f:1:20: services.a: must be an object, not true or false", "{}" },
	{ "a role nobody names", SERVICE, "'require': {'any': ['role2']}",
	    "f:2:21: services.sshd.require.any[0]: is no role that authorize "
	    "names (did you mean 'role1'?)",
	    "'require': {'any': ['role1']}" },
	{ "the same, where tokens carry roles", SERVICE,
	    "'roles_from': 'both', 'require': {'all': ['role1', 'role2']}",
	    "f:2:52: services.sshd.require.all[1]: is no role",
	    "'roles_from': 'token', 'require': {'all': ['role2']}" },
	{ "the sentence as a role", SERVICE,
	    "'roles_from': 'token', 'require': {'any': ['unauthorized']}",
	    "any[0]: 'unauthorized' is a sentence, not a role",
	    "'roles_from': 'token', 'require': {'any': ['authorized']}" },
	{ "no role in the list", SERVICE, "'require': {'any': []}",
	    "require.any: must not be empty",
	    "'require': {'any': ['operators']}" },
	{ "nothing required", SERVICE, "'require': {}",
	    "f:2:12: services.sshd.require: must hold either 'any' or 'all'",
	    "'require': {'all': ['operators']}" },
	{ "any and all", SERVICE,
	    "'require': {'any': ['role1'], 'all': ['role1']}",
	    "must hold either", "'require': {'all': ['role1']}" },
	{ "another word", SERVICE, "'require': 'token-only'",
	    "must be token_only (did you mean 'token_only'?)",
	    "'require': 'token_only'" },
	{ "require as a list", SERVICE, "'require': ['role1']",
	    "must be an object or 'token_only', not an array",
	    "'require': {'any': ['role1']}" },
	{ "no role to ask for", WHOLE, "{'services': {'sshd': {}}}",
	    "f:1:23: services.sshd.require: is required, because authorize "
	    "names no role",
	    "{'services': {'sshd': {'require': 'token_only'}}}" },
	{ "a name said twice", WHOLE,
	    "{'services': {'a': {'require': 'token_only', 'also': ['b']},"
	    "\n'b': {'require': 'token_only'}}}",
	    "f:1:55: services.a.also[0]: names a service for the second time",
	    "{'services': {'a': {'require': 'token_only', 'also': ['c']},"
	    "\n'b': {'require': 'token_only'}}}" },
	{ "an also said twice", SERVICE, "'also': ['a', 'a']",
	    "f:2:15: services.sshd.also[1]: names a service for the second",
	    "'also': ['a', 'b']" },
	{ "everything as an also", SERVICE, "'also': ['*']",
	    "also[0]: is no name", "'also': ['x']" },
	{ "roles from elsewhere", SERVICE, "'roles_from': 'ldap'",
	    "must be token, directory or both", "'roles_from': 'directory'" },
	{ "no age", SERVICE, "'max_age': 0",
	    "services.sshd.max_age: must be a whole number from 1",
	    "'max_age': 1" },
	{ "a uid below all", SERVICE, "'minimum_uid': -1",
	    "must be a whole number from 0 to 4294967295", "'minimum_uid': 0" },
	{ "possession of something", SERVICE, "'proof_of_possession': true",
	    "must be a string, not true or false",
	    "'proof_of_possession': 'required'" },
	{ "a part of common, wrong", SERVICE,
	    "'authentication': {'clock_skew': 301}",
	    "f:2:34: services.sshd.authentication.clock_skew: must be",
	    "'authentication': {'clock_skew': 300}" },
	{ "a part that is not whole once merged", SERVICE,
	    "'directory': {'base': 'dc=x'}",
	    "f:2:14: services.sshd.directory.uri: is required",
	    "'directory': {'base': 'dc=x', " URI "}" },
	{ "what does not fit common", SERVICE,
	    "'authentication': {'max_lifetime': 60, 'jwtexpireoffset': 61}",
	    "f:2:59: services.sshd.authentication.jwtexpireoffset: is over "
	    "max_lifetime (60)",
	    "'authentication': {'max_lifetime': 61, 'jwtexpireoffset': 61}" },
	{ "an issuer that common has", SERVICE,
	    "'issuers': [{'issuer': 'i', " TRIAD "}]",
	    "f:2:24: services.sshd.issuers[0].issuer: is the issuer of "
	    "common.authentication already",
	    "'issuers': [{'issuer': 'j', " TRIAD "}]" },
};

static void
quote(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			*s = '"';
	}
}

static int
parse(enum place place, const char *text, struct err *e)
{
	struct config *c = NULL;
	char whole[TEXT_MAX];
	int n, ret;

	n = snprintf(whole, sizeof(whole), "%s%s%s", places[place].before, text,
	    places[place].after);
	assert_in_range(n, 0, TEXT_MAX - 1);
	quote(whole);
	ret = config_parse(whole, (size_t)n, "f", &c, e);
	assert_true((ret == 0) == (c != NULL));
	config_free(&c);
	assert_null(c);
	return ret;
}

static void
check_row(const struct row *r)
{
	struct err e = { 0 };
	char want[512];
	int ret;

	snprintf(want, sizeof(want), "%s", r->want);
	quote(want);
	ret = parse(r->place, r->bad, &e);
	if (ret != E_CONFIG_INVALID || e.code != ret ||
	    strstr(e.text, want) == NULL)
		fail_msg("%s: %s: \"%s\" has no \"%s\"", r->why, err_name(ret),
		    e.text, want);
	memset(&e, 0, sizeof(e));
	ret = parse(r->place, r->good, &e);
	if (ret != 0)
		fail_msg("%s: the neighbour: %s", r->why, e.text);
}

#define TABLE_TEST(table) \
	static void test_##table(void **state) \
	{ \
		size_t i; \
\
		(void)state; \
		for (i = 0; i < COUNT_OF(table); i++) \
			check_row(&table[i]); \
	}

TABLE_TEST(structure)
TABLE_TEST(own)
TABLE_TEST(issuers)
TABLE_TEST(parts)
TABLE_TEST(services)

/* No message shows a value of the file, wherever it stands. */
static void
test_no_value_is_shown(void **state)
{
	static const char *const keys[] = { "jwtsecret", "jwtsecret_file",
		"jwtalgorithm", "jwtexpireoffset", "issuer", "audience",
		"authorize", "encryption", "user_pattern", "auth_time_from",
		"users", "roles_claim", "jwtsecrt", "clock_skew" };
	static const char *const forms[] = { "'s3cr(t'", "['s3cr(t']",
		"{'user': 's3cr(t'}", "'s3cr(t", "'s3cr(t\\q'" };
	struct err e;
	char text[128];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT_OF(keys); i++) {
		for (j = 0; j < COUNT_OF(forms); j++) {
			memset(&e, 0, sizeof(e));
			snprintf(
			    text, sizeof(text), "'%s': %s", keys[i], forms[j]);
			if (parse(AUTH, text, &e) == 0)
				continue;
			assert_null(strstr(e.text, "s3cr"));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_no_value_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
