/* SPDX-License-Identifier: Apache-2.0 */
/*
 * around - what holds in a section together with the sections around it.
 *
 * Owns:     finding the sections of a server that a request in one section meets
 *           too, and merging them in httpd's order: directories, files, locations,
 *           conditions; and where Alias and the like lead.
 * Does not: know .htaccess files, which are read for a request, or where mod_rewrite
 *           leads: sections of directories are in doubt, and said to be.
 * Memory:   everything lives in the pool that is given
 * Threads:  none yet: once the configuration is read
 */
#ifndef MAB_AROUND_H
#define MAB_AROUND_H

#include "httpd/conf/place.h"

/** What is asked about. */
typedef struct mab_around_ask_t {
    const server_rec *s; /**< whose requests: the section's, or a virtual host
                                 that inherits it */
    mab_place_t *own;    /**< as read for the section; NULL: the server's own */
    const char *path;    /**< of the address that is meant, decoded; NULL: the
                                 section's own, as far as it has one */
} mab_around_ask_t;

/** What holds there. */
typedef struct mab_around_t {
    mab_place_t *sure;  /**< merged of what surely applies */
    mab_place_t *maybe; /**< and of what may apply besides */
    /** of const mab_place_t *: sections that may apply and set issuers, which no
     * section after them replaces for sure */
    apr_array_header_t *doubtful;
} mab_around_t;

/** The servers' own records are frozen, httpd has merged them and its lists of
 * sections. */
void mab_around_find(const mab_around_ask_t *ask, mab_around_t *out,
                     apr_pool_t *pool);

#endif
