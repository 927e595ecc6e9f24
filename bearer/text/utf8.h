/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8 - whether bytes are UTF-8, and which of them are invisible.
 *
 * Owns:     the forms of RFC 3629 4; the table of blank and invisible characters.
 * Does not: convert, or know of JSON.
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_UTF8_H
#define BEARER_UTF8_H

#include "bearer/base/base.h"

/** Whether all of it is UTF-8: each character in its shortest form, no surrogate,
 * nothing beyond U+10FFFF. The empty text is UTF-8. */
bool bearer_utf8_check(bearer_str_t text);

/** A document without the byte order mark that some editors and servers put in front
 * of it. RFC 8259 8.1 lets a reader ignore it; nothing that is signed may have one. */
bearer_str_t bearer_utf8_skip_mark(bearer_str_t text);

/**
 * Whether a text begins or ends with something invisible: white space of
 * ASCII or Unicode, a control character, one of zero width or another invisible
 * format character (Unicode's White_Space, Cc, Cf, Default_Ignorable_Code_Point,
 * and two that are drawn as nothing), or with bytes that are not UTF-8. A reader of
 * the text may cut that off, and then has another text. A selector of variants
 * belongs to the character before it, unless that is ASCII or invisible itself. The
 * empty text has no such end.
 */
bool bearer_utf8_has_invisible_end(bearer_str_t text);

#endif
