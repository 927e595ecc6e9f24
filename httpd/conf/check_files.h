/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_files - whether files of keys and secrets can be believed.
 *
 * Owns:     who can write them, whether children can read them, what is in them,
 *           and what to do about it.
 * Does not: log or count mistakes (check).
 * Memory:   advice lives in the pool for what is temporary, keys in pconf
 * Threads:  none yet
 */
#ifndef MAB_CHECK_FILES_H
#define MAB_CHECK_FILES_H

#include "httpd/conf/conf.h"

/** What is wrong with a file; the reason is BEARER_OK: nothing. */
typedef struct mab_check_files_fault_t {
    bearer_reason_t why;
    bearer_note_t note;
    const char *advice; /**< what is allowed, or what to do */
    bool passing;       /**< it is read again while the server runs */
} mab_check_files_fault_t;

/**
 * Reads the key file of a line and tries whether children can read it, too.
 *
 * @param fault none so far; reasons of bearer_locate_file, BEARER_FILE_READ,
 *              BEARER_FILE_WRITABLE, BEARER_POLICY_ALG: for what alg= names
 */
void mab_check_files_keys(const mab_issuer_line_t *line,
                          mab_check_files_fault_t *fault, apr_pool_t *pool);

/**
 * Reads the files that say who we are to a key server, and tries whether children can
 * read them, too: they do so at each fetch.
 *
 * @param fault none so far; BEARER_FETCH_CREDENTIALS, BEARER_FILE_READ,
 *              BEARER_FILE_WRITABLE
 */
void mab_check_files_credentials(const bearer_credentials_t *files,
                                 mab_check_files_fault_t *fault,
                                 apr_pool_t *pool);

/**
 * Reads the shared secret of a line into its issuer, as root; children have it from
 * there.
 *
 * @param fault none so far; reasons of bearer_secret_read, BEARER_FILE_WRITABLE,
 *              BEARER_JWK_OCT_SHORT, BEARER_POLICY_ALG: for what alg= names
 */
void mab_check_files_secret(mab_issuer_line_t *line,
                            mab_check_files_fault_t *fault, apr_pool_t *pconf,
                            apr_pool_t *ptemp);

/** Why the directory of a key store cannot hold keys; NULL: it can. */
const char *mab_check_files_store(const bearer_keystore_t *store,
                                  apr_pool_t *pool);

#endif
