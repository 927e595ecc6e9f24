/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/* --- numbers and lists -------------------------------------------------------- */

/* digits only; a number that would not fit is none */
static const char *read_number(const char *text, apr_int64_t *out)
{
    const char *end = text + strspn(text, "0123456789");

    if (end == text || end - text > 12)
        return NULL;
    *out = apr_strtoi64(text, NULL, 10);
    return end;
}

/* 30, 30s, 5m, 1h, 2d, as the directives have it */
static bool read_duration(const char *text, apr_int64_t *out)
{
    static const char units[] = "smhd";
    static const apr_int64_t scales[] = {1, 60, 3600, 86400};
    apr_int64_t number;
    const char *end = read_number(text, &number);
    const char *unit;

    if (!end)
        return false;
    if (*end) {
        unit = strchr(units, *end);
        if (!unit || end[1])
            return false;
        number *= scales[unit - units];
    }
    *out = number;
    return true;
}

/* n digits, then a given character (0: any) */
static bool read_field(const char **at, int digits, char after, int *out)
{
    int i;

    *out = 0;
    for (i = 0; i < digits; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9')
            return false;
        *out = *out * 10 + (c - '0');
    }
    if ((*at)[digits] != after)
        return false;
    *at += digits + 1;
    return true;
}

/* seconds since 1970, or RFC 3339 in UTC: 2026-01-31T12:00:00Z */
static bool read_time(const char *text, apr_int64_t *out)
{
    const char *end = read_number(text, out);
    apr_time_exp_t parts = {0};
    apr_time_t time;

    if (end && !*end)
        return true;
    if (!read_field(&text, 4, '-', &parts.tm_year)
        || !read_field(&text, 2, '-', &parts.tm_mon)
        || !read_field(&text, 2, 'T', &parts.tm_mday)
        || !read_field(&text, 2, ':', &parts.tm_hour)
        || !read_field(&text, 2, ':', &parts.tm_min)
        || !read_field(&text, 2, 'Z', &parts.tm_sec) || *text)
        return false;
    if (parts.tm_year < 1970 || parts.tm_mon < 1 || parts.tm_mon > 12
        || parts.tm_mday < 1 || parts.tm_mday > 31 || parts.tm_hour > 23
        || parts.tm_min > 59 || parts.tm_sec > 60)
        return false;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    if (apr_time_exp_gmt_get(&time, &parts) != APR_SUCCESS)
        return false;
    *out = apr_time_sec(time);
    return true;
}

static apr_array_header_t *cut_commas(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));
    char *rest = apr_pstrdup(pool, text);
    char *last, *word;

    for (word = apr_strtok(rest, ",", &last); word;
         word = apr_strtok(NULL, ",", &last))
        APR_ARRAY_PUSH(words, char *) = word;
    return words;
}

/* a copy of a list with one more item */
static const void *with_item(const void *list, int *count, const void *item,
                             apr_size_t size, apr_pool_t *pool)
{
    char *longer = apr_palloc(pool, ((apr_size_t)*count + 1) * size);

    if (*count)
        memcpy(longer, list, (apr_size_t)*count * size);
    memcpy(longer + (apr_size_t)*count * size, item, size);
    (*count)++;
    return longer;
}

/* --- one function for each option: NULL, or what is allowed ------------------- */

static const char *set_audience(tool_t *tool, const char *value)
{
    bearer_policy_t *policy = &tool->policy;
    bearer_str_t text = bearer_str(value);
    bool any = strcasecmp(value, "any") == 0;

    if (!text.len || policy->any_audience || (any && policy->audience_count))
        return "a value (repeat the option for more), or \"any\" alone";
    policy->any_audience = any;
    if (!any)
        policy->audiences =
            with_item(policy->audiences, &policy->audience_count, &text,
                      sizeof(text), tool->pool);
    return NULL;
}

static const char *set_keys(tool_t *tool, const char *value)
{
    bearer_source_t *source = &tool->source;

    if (source->kind == BEARER_SOURCE_SECRET)
        return "either --keys or --secret, not both";
    if (source->kind == BEARER_SOURCE_DISCOVERY && source->location)
        return "one of --keys, --secret and --metadata";
    source->kind = BEARER_SOURCE_FILE;
    source->location = strncmp(value, "file:", 5) == 0 ? value + 5 : value;
    if (strstr(value, "://"))
        tool_source_set_url(tool, value);
    return *source->location ? NULL : "a URL or a file";
}

static const char *set_secret(tool_t *tool, const char *value)
{
    bearer_source_t *source = &tool->source;

    if (source->location && source->kind != BEARER_SOURCE_SECRET)
        return "either --keys or --secret, not both";
    source->kind = BEARER_SOURCE_SECRET;
    source->location = strncmp(value, "file:", 5) == 0 ? value + 5 : value;
    return *source->location ? NULL : "a file";
}

static const char *set_alg(tool_t *tool, const char *value)
{
    const apr_array_header_t *words = cut_commas(value, tool->pool);
    int i;

    for (i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, char *);
        bearer_str_t name = bearer_str(word);
        const bearer_alg_t *alg = bearer_alg_find(name);

        if (!alg)
            return apr_pstrcat(
                tool->pool, "any of ",
                bearer_alg_names(bearer_alg_public | bearer_alg_secret,
                                 tool->pool),
                ", separated by commas", NULL);
        tool->policy.algs |= alg->bit;
    }
    return words->nelts ? NULL : "at least one algorithm";
}

static const char *set_type(tool_t *tool, const char *value)
{
    static const char *const words[] = {"jwt", "at+jwt", "any"};
    static const bearer_typ_t types[] = {BEARER_TYP_JWT, BEARER_TYP_AT_JWT,
                                         BEARER_TYP_ANY};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            tool->policy.typ = types[i];
            return NULL;
        }
    }
    return "jwt, at+jwt or any";
}

static const char duration[] = "a time: 30s, 5m, 1h, 2d";

static const char *set_leeway(tool_t *tool, const char *value)
{
    return read_duration(value, &tool->policy.leeway) ? NULL : duration;
}

static const char *set_max_age(tool_t *tool, const char *value)
{
    return read_duration(value, &tool->policy.max_age) ? NULL : duration;
}

static const char *set_max_life(tool_t *tool, const char *value)
{
    return read_duration(value, &tool->policy.max_life) ? NULL : duration;
}

static const char *set_require(tool_t *tool, const char *value)
{
    const apr_array_header_t *words = cut_commas(value, tool->pool);

    tool->policy.required = (const char *const *)words->elts;
    tool->policy.required_count = words->nelts;
    return words->nelts ? NULL : "names of claims, separated by commas";
}

static const char *set_user(tool_t *tool, const char *value)
{
    bearer_policy_t *policy = &tool->policy;
    const bearer_path_t *path;

    if (bearer_path_parse(value, &path, NULL, tool->pool))
        return "name, name.name, or a JSON Pointer that begins with /";
    policy->user = with_item(policy->user, &policy->user_count, &path,
                             sizeof(path), tool->pool);
    return NULL;
}

static const char *set_at(tool_t *tool, const char *value)
{
    return read_time(value, &tool->now.wall)
               ? NULL
               : "seconds since 1970, or 2026-01-31T12:00:00Z";
}

static const char *set_timeout(tool_t *tool, const char *value)
{
    apr_int64_t seconds;

    if (!read_duration(value, &seconds) || seconds < 1 || seconds > 60)
        return "1s to 60s";
    tool->source.timeout = tool->source.connect = apr_time_from_sec(seconds);
    return NULL;
}

static const char *set_httpd(tool_t *tool, const char *value)
{
    tool->httpd = value;
    return NULL;
}

/* --- the table ---------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *value; /* what it takes; NULL: nothing */
    int commands;
    const char *(*set)(tool_t *tool, const char *value);
    const char *help;
} options[] = {
    {"issuer", "ISS", TOOL_VERIFY, tool_issuer_set_issuer,
     "who must have signed it"},
    {"audience", "AUD", TOOL_VERIFY, set_audience,
     "whom it must be meant for; may be repeated; any: not checked"},
    {"keys", "URL|FILE", TOOL_VERIFY | TOOL_KEYS, set_keys,
     "the key set's address or file; without it, the issuer's metadata tells"},
    {"secret", "FILE", TOOL_VERIFY, set_secret,
     "the file of a shared secret, for HS256, HS384 and HS512"},
    {"metadata", "URL", TOOL_VERIFY | TOOL_KEYS, tool_issuer_set_metadata,
     "below which the metadata are, if that is not the issuer"},
    {"tid", "A,B", TOOL_VERIFY, tool_issuer_set_tenants,
     "tenants of an issuer with {tid} in its name (default any)"},
    {"audience-claim", "CLAIM", TOOL_VERIFY, tool_issuer_set_audience_claim,
     "what says whom it is for instead of aud: client_id, azp or appid"},
    {"alg", "A,B", TOOL_VERIFY, set_alg,
     "signature algorithms that are allowed"},
    {"leeway", "TIME", TOOL_VERIFY, set_leeway,
     "for clocks that differ (default 30s)"},
    {"type", "TYPE", TOOL_VERIFY, set_type, "jwt, at+jwt or any (default jwt)"},
    {"max-age", "TIME", TOOL_VERIFY, set_max_age,
     "at most so long since it was issued"},
    {"max-life", "TIME", TOOL_VERIFY, set_max_life,
     "at most so long from issue to expiry"},
    {"require", "A,B", TOOL_VERIFY, set_require, "claims that must be present"},
    {"user", "PATH", TOOL_VERIFY, set_user,
     "claim that names the user (default sub); repeat it for the next choice"},
    {"signer", "ARN", TOOL_VERIFY, tool_source_set_signer,
     "the load balancer of AWS whose token it must be"},
    {"at", "TIME", TOOL_VERIFY | TOOL_EXPLAIN, set_at,
     "judge as if it were then: seconds, or 2026-01-31T12:00:00Z"},
    {"ca", "FILE", TOOL_VERIFY | TOOL_KEYS, tool_access_set_ca,
     "certificate authorities to trust instead of the system's; +FILE: beside "
     "them"},
    {"proxy", "URL", TOOL_VERIFY | TOOL_KEYS, tool_access_set_proxy,
     "http://host:port, or none"},
    {"address", "HOST:PORT", TOOL_VERIFY | TOOL_KEYS, tool_access_set_address,
     "where to connect instead of to the host of the URL"},
    {"token", "FILE", TOOL_VERIFY | TOOL_KEYS, tool_access_set_token,
     "a bearer token for the key server, not the one to judge"},
    {"header", "FILE", TOOL_VERIFY | TOOL_KEYS, tool_access_set_header,
     "one line \"Name: value\" for the key server"},
    {"cert", "FILE", TOOL_VERIFY | TOOL_KEYS, tool_access_set_cert,
     "our certificate for the key server, in PEM"},
    {"key", "FILE", TOOL_VERIFY | TOOL_KEYS, tool_access_set_key,
     "the private key to --cert"},
    {"timeout", "TIME", TOOL_VERIFY | TOOL_KEYS, set_timeout,
     "for each answer (default 5s)"},
    {"http-loopback", NULL, TOOL_VERIFY | TOOL_KEYS, NULL,
     "allow http for 127.0.0.0/8, ::1 and localhost"},
    {"httpd", "PATH", TOOL_CONFIG | TOOL_DOCTOR, set_httpd,
     "the httpd program to run"},
    {"no-fetch", NULL, TOOL_DOCTOR, NULL,
     "ask no issuer, look at the configuration only"},
    {"json", NULL, TOOL_VERIFY | TOOL_KEYS | TOOL_EXPLAIN | TOOL_DOCTOR, NULL,
     "print one JSON object"},
    {"help", NULL, TOOL_ALL, NULL, "this"},
};

/* what those without a value make true */
static const struct {
    const char *name;
    apr_size_t at;
} flags[] = {
    {"http-loopback", APR_OFFSETOF(tool_t, source.http_loopback)},
    {"no-fetch", APR_OFFSETOF(tool_t, no_fetch)},
    {"json", APR_OFFSETOF(tool_t, json)},
    {"help", APR_OFFSETOF(tool_t, help)},
};

#define OPTIONS (int)(sizeof(options) / sizeof(options[0]))

void tool_options_print(int command)
{
    int i;

    for (i = 0; i < OPTIONS; i++) {
        if (options[i].commands & command)
            printf("      --%s%s%s\n            %s\n", options[i].name,
                   options[i].value ? " " : "",
                   options[i].value ? options[i].value : "", options[i].help);
    }
}

/* the option that a word begins with; *value: what follows "=", or NULL */
static int find(const char *word, int command, const char **value)
{
    int i;

    for (i = 0; i < OPTIONS; i++) {
        apr_size_t len = strlen(options[i].name);

        if (!(options[i].commands & command)
            || strncmp(word, options[i].name, len))
            continue;
        if (word[len] && word[len] != '=')
            continue;
        *value = word[len] ? word + len + 1 : NULL;
        return i;
    }
    return -1;
}

/* edits that turn one name into another: letters inserted, left out, replaced */
static int distance(const char *word, apr_size_t len, const char *name)
{
    /* row[j]: from the part of word that was read to j letters of name */
    int row[32];
    int size = (int)strlen(name);
    apr_size_t i;
    int j;

    for (j = 0; j <= size; j++)
        row[j] = j;
    for (i = 0; i < len; i++) {
        int before = row[0];

        row[0]++;
        for (j = 1; j <= size; j++) {
            int best = before + (word[i] != name[j - 1]);

            before = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[size];
}

/* reports an unknown option by the names of known ones: the word itself may be a
 * token */
static void complain_unknown(const char *word, int command)
{
    apr_size_t len = strcspn(word, "=");
    const char *nearest = NULL;
    int i, least = 3;

    for (i = 0; i < OPTIONS && len < 32; i++) {
        int edits = distance(word, len, options[i].name);

        if (!edits) {
            (void)tool_complain("--%s is an option of another command; see "
                                "--help",
                                options[i].name);
            return;
        }
        if (edits < least && (options[i].commands & command)) {
            least = edits;
            nearest = options[i].name;
        }
    }
    if (nearest)
        (void)tool_complain("unknown option; did you mean --%s?", nearest);
    else
        (void)tool_complain("unknown option; see --help");
}

static void set_flag(tool_t *tool, const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].name, name) == 0)
            *(bool *)((char *)tool + flags[i].at) = true;
    }
}

/* reads one option; returns how many words it took, or -1 after reporting the
 * mistake */
static int read_one(tool_t *tool, int command, int count,
                    const char *const *words)
{
    const char *value, *allowed;
    int used = 1;
    int i = find(words[0] + 2, command, &value);

    if (i < 0) {
        complain_unknown(words[0] + 2, command);
        return -1;
    }
    if (options[i].value && !value && count > 1) {
        value = words[1];
        used = 2;
    }
    if (!options[i].value != !value) {
        (void)tool_complain("--%s needs a value: %s", options[i].name,
                            options[i].value ? options[i].value : "no value");
        return -1;
    }
    if (!options[i].value) {
        set_flag(tool, options[i].name);
        return used;
    }
    allowed = options[i].set(tool, value);
    if (allowed) {
        (void)tool_complain("--%s: allowed is %s", options[i].name, allowed);
        return -1;
    }
    return used;
}

const char *const *tool_options_read(tool_t *tool, int command, int count,
                                     const char *const *words)
{
    apr_array_header_t *others =
        apr_array_make(tool->pool, count + 1, sizeof(char *));
    bool options_end = false;
    int at = 0;

    while (at < count) {
        int used = 1;

        if (options_end || strncmp(words[at], "--", 2) != 0)
            APR_ARRAY_PUSH(others, const char *) = words[at];
        else if (words[at][2])
            used = read_one(tool, command, count - at, words + at);
        /* what follows is httpd's, whatever it looks like */
        if (others->nelts && (command & (TOOL_CONFIG | TOOL_DOCTOR)))
            options_end = true;
        if (used < 0)
            return NULL;
        options_end = options_end || !strcmp(words[at], "--");
        at += used;
    }
    APR_ARRAY_PUSH(others, const char *) = NULL;
    return tool_access_check(tool) ? (const char *const *)others->elts : NULL;
}
