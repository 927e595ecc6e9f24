/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials - who we are for a key server, read from files.
 *
 * Owns:     what such a file must be, and what may be in it.
 * Does not: decide which host may have them (source), or send them (fetch).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_CREDENTIALS_H
#define BEARER_CREDENTIALS_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/net/tls.h"

/** Names of files; NULL: none. */
typedef struct bearer_credentials_t {
    const char *token;  /**< of a bearer token, for Authorization */
    const char *header; /**< of one line, "Name: value" */
    const char *cert;   /**< of our certificate and its chain, in PEM */
    const char *key;    /**< of the private key to it, in PEM */
} bearer_credentials_t;

/** What was in them. */
typedef struct bearer_credentials_read_t {
    const char *headers;     /**< each ended by CRLF; NULL: none */
    bearer_tls_pair_t *pair; /**< NULL: none */
} bearer_credentials_read_t;

/** Whether there are any. */
bool bearer_credentials_are_given(const bearer_credentials_t *files);

/**
 * Whether a file lies where container platforms mount secrets for one container
 * alone, with a mode of their own choice: below /run/secrets or /var/run/secrets.
 * There, and only there, everybody may be allowed to read it.
 */
bool bearer_credentials_is_mounted(const char *path);

/**
 * Reads all of them now. A token is one word of RFC 6750 2.1, with blanks and line
 * ends around it. A header is one line, at its end a line end at most; its name is
 * none that makes up our request, nor Authorization if there is a token. Only the
 * certificate may be read by everybody.
 *
 * @param pipe a file may be one: where somebody waits, never in a server
 * @param note the option, the path, and what is wrong; nothing of the content
 * @return BEARER_OK, BEARER_FETCH_CREDENTIALS, BEARER_NO_MEMORY
 */
bearer_reason_t bearer_credentials_read(const bearer_credentials_t *files,
                                        bool pipe,
                                        bearer_credentials_read_t *out,
                                        bearer_note_t *note,
                                        apr_pool_t *pool) BEARER_MUST_USE;

#endif
