/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/base/str.h"

static bool is_tchar(char c)
{
    return c && strchr(BEARER_STR_TCHARS, c);
}

bool bearer_str_is_token(bearer_str_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (!is_tchar(text.data[i]))
            return false;
    }
    return text.len > 0;
}

bool bearer_str_is_field_value(bearer_str_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (bearer_str_is_control(text.data[i]) && text.data[i] != '\t')
            return false;
    }
    return true;
}

bearer_str_t bearer_str_trim(bearer_str_t text)
{
    while (text.len && bearer_str_is_blank(*text.data)) {
        text.data++;
        text.len--;
    }
    while (text.len && bearer_str_is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}
