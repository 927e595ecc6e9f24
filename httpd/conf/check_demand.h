/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_demand - places in which nobody is asked for a token.
 *
 * Owns:     what the configuration alone tells of it: a section with AuthType
 *           Bearer that nothing adds a Require line to, lines for some methods
 *           only, and AuthBearer lines without an AuthType.
 * Does not: know which sections meet in a request (httpd/request/unasked).
 * Memory:   none that lasts
 * Threads:  none yet
 */
#ifndef MAB_CHECK_DEMAND_H
#define MAB_CHECK_DEMAND_H

#include "httpd/conf/conf.h"

/** Logs each mistake, warns of what may be one, and notes for requests which places
 * say themselves that everybody gets in.
 *
 * @return how many mistakes, each of which stops the start
 */
int mab_check_demand_all(apr_pool_t *ptemp);

#endif
