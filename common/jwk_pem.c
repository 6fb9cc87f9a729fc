/*
 * jwk_pem: keys from PEM (RFC 7468 and the older RSA and EC forms). Each
 * block is one whole DER structure of the kind that its label says. Nothing
 * here asks for a passphrase: what is encrypted is refused.
 */

#include "jwk.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "err.h"
#include "jwk_priv.h"

struct block {
	char *label;
	char *header;
	unsigned char *der;
	long len;
};

static void
block_done(struct block *b)
{
	OPENSSL_secure_free(b->label);
	OPENSSL_secure_free(b->header);
	OPENSSL_secure_clear_free(b->der, (size_t)b->len);
	memset(b, 0, sizeof(*b));
}

static EVP_PKEY *
read_public(const unsigned char **p, long n)
{
	return d2i_PUBKEY(NULL, p, n);
}

static EVP_PKEY *
read_rsa_public(const unsigned char **p, long n)
{
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, p, n);
}

static EVP_PKEY *
read_pkcs8(const unsigned char **p, long n)
{
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, p, n);
	EVP_PKEY *pkey = NULL;

	if (info != NULL)
		pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

static EVP_PKEY *
read_rsa(const unsigned char **p, long n)
{
	return d2i_PrivateKey(EVP_PKEY_RSA, NULL, p, n);
}

static EVP_PKEY *
read_ec(const unsigned char **p, long n)
{
	return d2i_PrivateKey(EVP_PKEY_EC, NULL, p, n);
}

static const struct {
	const char *label;
	bool is_private;
	EVP_PKEY *(*read)(const unsigned char **p, long n);
	const char *refusal; /* NULL with read: taken; without: ignored */
} labels[] = {
	{ "PUBLIC KEY", false, read_public, NULL },
	{ "RSA PUBLIC KEY", false, read_rsa_public, NULL },
	{ "PRIVATE KEY", true, read_pkcs8, NULL },
	{ "RSA PRIVATE KEY", true, read_rsa, NULL },
	{ "EC PRIVATE KEY", true, read_ec, NULL },
	/* stands before an EC PRIVATE KEY */
	{ "EC PARAMETERS", false, NULL, NULL },
	{ "ENCRYPTED PRIVATE KEY", true, NULL,
	    "an encrypted key; decrypt it with openssl pkey" },
	{ "CERTIFICATE", false, NULL,
	    "a certificate; take its key out with "
	    "openssl x509 -pubkey -noout" },
	{ "TRUSTED CERTIFICATE", false, NULL,
	    "a certificate; take its key out with "
	    "openssl x509 -pubkey -noout" },
	{ "OPENSSH PRIVATE KEY", true, NULL,
	    "a key in OpenSSH's own form; convert it with "
	    "ssh-keygen -p -m PKCS8" },
};

#define LABEL_COUNT (sizeof(labels) / sizeof(labels[0]))

/* The key of a block goes to whoever reads it. */
static int
read_key(const struct block *b, size_t row, const struct jwk_pem_reader *reader,
    struct err *e)
{
	const unsigned char *p = b->der;
	EVP_PKEY *pkey = labels[row].read(&p, b->len);
	int rc;

	if (pkey == NULL)
		return jwk_openssl_error(e, E_KEY, "not a key of its label");
	if (p != b->der + b->len)
		rc = err_set(e, E_KEY, "bytes behind the key");
	else
		rc = reader->take(
		    &pkey, labels[row].is_private, reader->arg, e);
	EVP_PKEY_free(pkey);
	return rc;
}

static int
take_block(
    const struct block *b, const struct jwk_pem_reader *reader, struct err *e)
{
	size_t i;

	for (i = 0; i < LABEL_COUNT; i++) {
		if (strcmp(labels[i].label, b->label) == 0)
			break;
	}
	if (i == LABEL_COUNT)
		return err_set(e, E_KEY, "not a kind of block that is read");
	if (labels[i].refusal != NULL)
		return err_set(e, E_KEY, "%s", labels[i].refusal);
	if (labels[i].read == NULL)
		return 0;
	/* RFC 1421 headers serve encryption alone: Proc-Type, DEK-Info. */
	if (b->header[0] != '\0')
		return err_set(
		    e, E_KEY, "an encrypted key; decrypt it with openssl pkey");
	return read_key(b, i, reader, e);
}

/* Why there was no further block: the end of the text, or a broken one. */
static int
end_of_blocks(struct err *e)
{
	unsigned long last = ERR_peek_last_error();

	if (ERR_GET_LIB(last) == ERR_LIB_PEM &&
	    ERR_GET_REASON(last) == PEM_R_NO_START_LINE)
		return 0;
	return jwk_openssl_error(e, E_KEY, "not well-formed PEM");
}

int
jwk_pem_read(const char *text, size_t n, const struct jwk_pem_reader *reader,
    struct err *e)
{
	struct block b = { .der = NULL };
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	size_t i = 0;
	int rc = 0;

	if (bio == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	while (rc == 0) {
		i++;
		if (PEM_read_bio_ex(bio, &b.label, &b.header, &b.der, &b.len,
			PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1) {
			rc = end_of_blocks(e);
			break;
		}
		rc = take_block(&b, reader, e);
		block_done(&b);
	}
	if (rc != 0)
		err_prefix(e, "PEM block %zu", i);
	BIO_free(bio);
	return rc;
}

static int
add_key(EVP_PKEY **pkey, bool is_private, void *arg, struct err *e)
{
	struct jwk_set *set = arg;
	struct jwk key = { .pkey = *pkey };
	int rc;

	*pkey = NULL;
	set->has_private = set->has_private || is_private;
	rc = jwk_vet(&key, e);
	if (rc == 0) {
		key.verifies = true;
		key.signs = jwk_is_private(&key);
		rc = jwk_set_add(set, &key, e);
	}
	jwk_done(&key);
	return rc;
}

int
jwk_pem_parse(const char *text, size_t n, struct jwk_set *set, struct err *e)
{
	const struct jwk_pem_reader reader = { add_key, set };

	return jwk_pem_read(text, n, &reader, e);
}
