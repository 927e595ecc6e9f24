/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - named sets of options and checks for one AuthBearerIssuer line.
 *
 * Owns:     the table of profile=<name>: what each sets and refuses, and its words
 *           in the dump.
 * Does not: read the line's own options (set_issuer), or judge a token (bearer).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time
 */
#ifndef MAB_PROFILE_H
#define MAB_PROFILE_H

#include "httpd/conf/words.h"

/** Sets what the line has left open, and refuses what contradicts the profile: after
 * all options of the line were read, in whatever order. May set issuer.profile, if
 * the row's words are not enough. NULL or the mistake. */
typedef const char *(*mab_profile_fill_t)(cmd_parms *cmd,
                                          mab_issuer_line_t *line);

/** One profile; the table ends with a NULL name. */
struct mab_profile_t {
    const char *name;
    mab_profile_fill_t fill;
    const char
        *means; /**< what it comes to, for the dump: "iss may be absent …" */
};

/** The row of this name, with case; NULL and the mistake if there is none. */
const char *mab_profile_find(cmd_parms *cmd, const char *name,
                             const mab_profile_t **out);

/** Applies the line's profile, if it has one: see mab_profile_fill_t. Afterwards
 * issuer.profile says what it comes to. */
const char *mab_profile_apply(cmd_parms *cmd, mab_issuer_line_t *line);

#endif
