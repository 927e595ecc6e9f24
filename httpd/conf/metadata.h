/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata - the documents of all resources (RFC 9728), for each server's clients.
 *
 * Owns:     which documents there are, which issuers each of them names, and what a
 *           start says about them.
 * Does not: write JSON (bearer/judge/resource), serve it (httpd/request/resource).
 * Memory:   documents live in pconf
 * Threads:  none yet
 */
#ifndef MAB_METADATA_H
#define MAB_METADATA_H

#include "httpd/conf/conf.h"

/** Makes the documents of a server: of its own resources and of those of the main
 * server, whose sections apply to it, too. The servers' own records are frozen. Logs
 * each text that is no UTF-8, and returns how many there are. */
int mab_metadata_make(apr_pool_t *pconf, apr_pool_t *ptemp, const server_rec *s,
                      const server_rec *main_server);

/** Logs what clients would not understand: a resource without an issuer, one whose
 * issuers depend on the request, an audience that is not quite the resource. */
void mab_metadata_advise(void);

#endif
