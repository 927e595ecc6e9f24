/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet - a source on paper: as JSON, and read back into the same source.
 *
 * Owns:     the names of its members, one row for each, for both ways.
 * Does not: hold what processes make of it (tls, slot), or judge it (httpd).
 * Memory:   texts live in the pool
 * Threads:  any
 *
 * The server shows its sources so, and the command reads them, so that it fetches
 * as the server would.
 */
#ifndef BEARER_SHEET_H
#define BEARER_SHEET_H

#include "bearer/keys/source.h"
#include "bearer/text/value.h"
#include "bearer/text/write.h"

/** Writes the members of a source into the open object. Texts that are not UTF-8
 * make bearer_write_end fail. */
void bearer_sheet_write(bearer_write_t *json, const bearer_source_t *source);

/**
 * Reads them back.
 *
 * @param out all of it is set, tls and slot to nothing; on true only
 * @return false: a member is missing, or not what it must be
 */
bool bearer_sheet_read(const bearer_value_t *json, bearer_source_t *out,
                       apr_pool_t *pool) BEARER_MUST_USE;

#endif
