/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - what an administrator sees: a page, and a section in mod_status.
 *
 * Owns:     the handler "bearer-status" and what is said in mod_status.
 * Does not: gather or count (bearer/report/report, bearer/report/stats), make the page (page),
 *           or decide who may look (the administrator's Require lines).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_STATUS_H
#define MAB_STATUS_H

#include "httpd/mab.h"

/** Registers the handler, and the section if mod_status is there. */
void mab_status_register(void);

#endif
