/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand - the Require lines of a place, and what else decides who gets in there.
 *
 * Owns:     finding them in the configuration: the section's own, and those of
 *           other sections that could apply to the same requests.
 * Does not: look into .htaccess files, which are read for a request, or merge as a
 *           request does: which sections meet in it is known only then.
 * Memory:   everything lives in the pool that is given
 * Threads:  none yet
 */
#ifndef MAB_DEMAND_H
#define MAB_DEMAND_H

#include <apr_tables.h>

#include "httpd/conf/section.h"

/** All lines of the configuration that decide who gets in. */
typedef struct mab_demand_t mab_demand_t;

/** What the lines come to for a section. */
typedef enum mab_demand_kind_t {
    MAB_DEMAND_OWN,     /**< it has Require lines of its own */
    MAB_DEMAND_LIMITED, /**< likewise, but none for some methods */
    MAB_DEMAND_OTHERS,  /**< it has none; others may ask for a token */
    MAB_DEMAND_GRANTED, /**< nothing asks, and something lets everybody in */
    MAB_DEMAND_DENIED,  /**< nothing asks, and something may let nobody in */
    MAB_DEMAND_NOTHING /**< there is no Require line at all: httpd answers 500 */
} mab_demand_kind_t;

/** Reads ap_conftree. */
const mab_demand_t *mab_demand_read(apr_pool_t *pool);

/** What the lines come to for the section that a line stands in. .htaccess files
 * that may have Require lines, and other modules that may decide, count as
 * MAB_DEMAND_OTHERS. */
mab_demand_kind_t mab_demand_of(const mab_demand_t *all,
                                const ap_directive_t *line, apr_pool_t *pool);

/** Whether .htaccess files of a section's requests may say who gets in. */
bool mab_demand_has_files(const mab_demand_t *all,
                          const mab_section_t *section);

/**
 * The lines themselves, for people: the section's own ("scope read, in <Limit
 * GET>"); if it has none, "none of its own", and then those of other sections that
 * could apply ("all granted, in <Directory "/var/www"> at file:line").
 *
 * @return of const char *, at least one
 */
apr_array_header_t *mab_demand_show(const mab_demand_t *all,
                                    const ap_directive_t *line,
                                    apr_pool_t *pool);

#endif
