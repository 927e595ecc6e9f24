/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* These say only that something failed further down, not what: they follow a lack
 * of memory that nobody wrote into the queue. */
static bool is_echo(unsigned long error)
{
    int reason = ERR_GET_REASON(error);

    if (ERR_GET_LIB(error) == ERR_LIB_EVP && reason == EVP_R_KEY_SETUP_FAILED)
        return true;
    if (!(ERR_GET_RFLAGS(error) & ERR_RFLAG_COMMON))
        return false;
    /* "ERR_R_EC_LIB" and the like: the numbers of libraries */
    return reason == ERR_R_INTERNAL_ERROR
           || (reason & ~ERR_RFLAG_COMMON) < ERR_LIB_USER;
}

void bearer_crypto_begin(void)
{
    ERR_clear_error();
}

bearer_crypto_said_t bearer_crypto_end(void)
{
    bearer_crypto_said_t said = BEARER_CRYPTO_SILENT;
    unsigned long error;

    while ((error = ERR_get_error())) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            said = BEARER_CRYPTO_NO_MEMORY;
        else if (said == BEARER_CRYPTO_SILENT && !is_echo(error))
            said = BEARER_CRYPTO_REFUSED;
    }
    return said;
}

bool bearer_crypto_find_end(const struct x509_st *certificate, apr_int64_t *out)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    bool good;

    good = epoch
           && ASN1_TIME_diff(&days, &seconds, epoch,
                             X509_get0_notAfter(certificate));
    ASN1_TIME_free(epoch);
    if (good)
        *out = (apr_int64_t)days * 86400 + seconds;
    return good;
}
