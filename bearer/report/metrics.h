/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics - a report as OpenMetrics 1.0, for a monitoring system.
 *
 * Owns:     the names of families, their labels, the form of the text.
 * Does not: gather (report), count (stats), or answer requests (httpd/status/status).
 * Memory:   the text is the pool's
 * Threads:  any
 */
#ifndef BEARER_METRICS_H
#define BEARER_METRICS_H

#include "bearer/report/report.h"

/** The sums and the sources: processes come and go, and a series for each of them
 * would leave a grave behind with each. */
bearer_str_t bearer_metrics_render(const bearer_report_t *report,
                                   apr_pool_t *pool);

#endif
