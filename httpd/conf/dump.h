/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump - "httpd -t -D DUMP_BEARER": what each protected place demands.
 *
 * Owns:     its text, one block for each place, stable enough for scripts; the text of
 *           each setting.
 * Does not: judge the configuration (check).
 * Memory:   pconf
 * Threads:  none yet
 */
#ifndef MAB_DUMP_H
#define MAB_DUMP_H

#include "httpd/conf/conf.h"

/** test_config: prints to stdout if "-D DUMP_BEARER" was given. */
void mab_dump_places(apr_pool_t *pconf, server_rec *s);

/**
 * A setting of a merged place as it is shown, without its name.
 *
 * @param field of mab_conf_place_fields
 * @param lines of const char *: what it says in lines of its own is appended
 * @return its text; NULL: it has none, or only lines
 */
const char *mab_dump_setting(const mab_place_t *place, const mab_field_t *field,
                             apr_array_header_t *lines, apr_pool_t *pool);

#endif
