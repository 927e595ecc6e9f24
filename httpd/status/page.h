/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page - a report as a page for people.
 *
 * Owns:     its markup and style: one document, nothing from elsewhere, no script; for
 *           phones too, light or dark as the reader prefers.
 * Does not: gather what is on it (bearer/report/report) or send headers (status).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_PAGE_H
#define MAB_PAGE_H

#include "bearer/report/report.h"
#include "httpd/mab.h"

/** Writes the page. Whatever is not markup of ours is escaped. */
void mab_page_put(request_rec *r, const bearer_report_t *report);

/** The state of a source, in a few words. */
const char *mab_page_state(const bearer_report_source_t *one);

#endif
