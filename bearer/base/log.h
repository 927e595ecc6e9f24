/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - where background messages go.
 *
 * Owns:     the one installable sink.
 * Does not: log verdicts (httpd/request/refuse does, once per request), or know httpd.
 * Memory:   messages live for the call only
 * Threads:  install before threads start; write from any
 */
#ifndef BEARER_LOG_H
#define BEARER_LOG_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/**
 * Receives one finished line. id is the message's number ("MAB0101") or "" for
 * messages below warning.
 */
typedef void (*bearer_log_sink_t)(bearer_level_t level, const char *id,
                                  const char *text, void *baton);

/** Installs the sink; NULL silences the library. Not thread-safe. */
void bearer_log_install(bearer_log_sink_t sink, void *baton);

/**
 * Formats one line, escapes control characters and hands it to the sink.
 * Never pass token bytes, secrets or claim values other than iss, kid, alg, typ
 * and times.
 */
void bearer_log_write(bearer_level_t level, const char *id, const char *format,
                      ...) BEARER_PRINTF(3, 4);

#endif
