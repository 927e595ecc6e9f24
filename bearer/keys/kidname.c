/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/kidname.h"

#include <string.h>

_Static_assert(BEARER_LIMIT_KID_NAME % 8 == 0, "names are whole words");

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool bearer_kidname_check(bearer_str_t kid)
{
    apr_size_t i;

    if (!kid.len || kid.len > BEARER_LIMIT_KID_NAME || kid.data[0] == '.')
        return false;
    for (i = 0; i < kid.len; i++) {
        if (!is_name_char(kid.data[i]))
            return false;
        if (i && kid.data[i] == '.' && kid.data[i - 1] == '.')
            return false;
    }
    return true;
}

bearer_kidname_t bearer_kidname_make(bearer_str_t kid)
{
    bearer_kidname_t name;

    memset(&name, 0, sizeof(name));
    if (kid.len)
        memcpy(name.word, kid.data, kid.len);
    return name;
}

static bearer_kidname_t load_name(_Atomic uint64_t *at)
{
    bearer_kidname_t name;
    int i;

    for (i = 0; i < BEARER_KIDNAME_WORDS; i++)
        name.word[i] = atomic_load(&at[i]);
    return name;
}

void bearer_kidname_store(_Atomic uint64_t *at, const bearer_kidname_t *name)
{
    int i;

    for (i = 0; i < BEARER_KIDNAME_WORDS; i++)
        atomic_store(&at[i], name->word[i]);
}

bool bearer_kidname_is_at(_Atomic uint64_t *at, const bearer_kidname_t *name)
{
    int i;

    for (i = 0; i < BEARER_KIDNAME_WORDS; i++) {
        if (atomic_load(&at[i]) != name->word[i])
            return false;
    }
    return true;
}

bool bearer_kidname_read(_Atomic uint64_t *at, char *out)
{
    bearer_kidname_t name = load_name(at);
    bearer_str_t text = {out, 0};

    memcpy(out, name.word, BEARER_LIMIT_KID_NAME);
    out[BEARER_LIMIT_KID_NAME] = '\0';
    text.len = strlen(out);
    return bearer_kidname_check(text);
}
