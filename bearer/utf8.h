/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8 - whether bytes are UTF-8.
 *
 * Owns:     the forms of RFC 3629 4.
 * Does not: convert, or know of JSON.
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_UTF8_H
#define BEARER_UTF8_H

#include "bearer/base.h"

/** Whether all of it is UTF-8: each character in its shortest form, no surrogate,
 * nothing beyond U+10FFFF. Nothing at all is. */
bool bearer_utf8_check(bearer_str_t text);

#endif
