/* SPDX-License-Identifier: Apache-2.0 */
/*
 * section - which sections of the configuration one request could meet together.
 *
 * Owns:     the words of a section's line, and whether two sections may apply to
 *           the same request, as far as the configuration tells.
 * Does not: look into sections (demand, foreign) or merge anything (place).
 * Memory:   everything lives in the pool that is given
 * Threads:  none yet
 */
#ifndef MAB_SECTION_H
#define MAB_SECTION_H

#include <stdbool.h>

#include "httpd/mab.h"

/** Where a line of the configuration stands. */
typedef struct mab_section_t {
    const ap_directive_t *host; /**< <VirtualHost>, or NULL: the main server */
    const ap_directive_t *top;  /**< the outermost section; NULL: the server */
    const ap_directive_t *own;  /**< the innermost; NULL: the server */
    const char *path; /**< of top, without a slash at its end; NULL: a pattern,
                           a URL or a file */
} mab_section_t;

/** One word of a directive, without the > of a section; "" beyond the last. */
const char *mab_section_word(const ap_directive_t *one, int index,
                             apr_pool_t *pool);

/** Whether a line is called so, in any case. */
bool mab_section_is_called(const ap_directive_t *one, const char *name);

/** Whether a line is "Require all granted", however it is written. */
bool mab_section_grants(const ap_directive_t *one, apr_pool_t *pool);

/** Whether one of these lines, from the first on, is that: one that lets everybody
 * in, alone or in <RequireAny>. */
bool mab_section_any_grants(const ap_directive_t *one, apr_pool_t *pool);

/** The section that a line stands in. Groups of Require lines and <Limit> are
 * none. */
mab_section_t mab_section_of(const ap_directive_t *line, apr_pool_t *pool);

/** Whether one request could fall into both; yes, if in doubt. */
bool mab_section_may_meet(const mab_section_t *a, const mab_section_t *b);

/** Whether each request of the one falls into the other, but not the reverse:
 * surely. */
bool mab_section_is_narrower(const mab_section_t *inner,
                             const mab_section_t *outer);

#endif
