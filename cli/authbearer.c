/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "bearer/jose/jws.h"
#include "cli/doctor.h"

/* how long one answer of an issuer may take; the default of AuthBearerFetch */
#define TIMEOUT  apr_time_from_sec(5)
#define CONNECT  apr_time_from_sec(2)
#define REFRESH  apr_time_from_sec(3600)
#define MAX_BODY 262144
#define LEEWAY   30

/* tokens do not belong on the command line: everybody on the host can read it */
static int only_stdin(const char *command)
{
    return tool_complain("%s takes no other words; the token is read from "
                         "standard input",
                         command);
}

static int verify(tool_t *tool, const char *const *words)
{
    return words[0] ? only_stdin("verify") : tool_verify(tool);
}

static int keys(tool_t *tool, const char *const *words)
{
    if (words[0] && words[1])
        return tool_complain("keys: one issuer at a time");
    tool->source.issuer = words[0];
    if (!tool->source.issuer && !tool->source.location)
        return tool_complain("keys: name an issuer, or give --keys");
    return tool_keys(tool);
}

static int explain(tool_t *tool, const char *const *words)
{
    return words[0] ? only_stdin("explain") : tool_explain(tool);
}

static const struct {
    const char *name;
    int bit;
    int (*run)(tool_t *tool, const char *const *words);
    const char *synopsis;
} commands[] = {
    {"verify", TOOL_VERIFY, verify,
     "--issuer ISS --audience AUD [options] < token\n"
     "    judges a token as the module would, and shows each check"},
    {"keys", TOOL_KEYS, keys,
     "ISSUER | --keys URL|FILE [options]\n"
     "    gets an issuer's keys and shows which are usable, or why not"},
    {"explain", TOOL_EXPLAIN, explain,
     "[options] < token\n"
     "    shows what a token says, without believing it"},
    {"config", TOOL_CONFIG, tool_config,
     "[--httpd PATH] [HTTPD-ARGUMENTS]\n"
     "    shows what each protected place of httpd demands"},
    {"doctor", TOOL_DOCTOR, tool_doctor,
     "[--no-fetch] [--json] [--httpd PATH] [HTTPD-ARGUMENTS]\n"
     "    says what is unwise or wrong with httpd's configuration and its "
     "issuers,\n    and what to write instead"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* of these commands, as bits */
static int print_help(int bits)
{
    size_t i;

    for (i = 0; i < COMMANDS; i++) {
        if (!(commands[i].bit & bits))
            continue;
        printf("authbearer %s %s\n", commands[i].name, commands[i].synopsis);
        tool_options_print(commands[i].bit);
        putchar('\n');
    }
    if (bits & ~TOOL_DOCTOR)
        printf("exit status: 0 accepted, 1 refused, 2 could not judge\n");
    if (bits & TOOL_DOCTOR)
        printf("exit status%s: 0 all is well, 1 something is unwise, 2 "
               "something is\n    wrong, 3 could not look\n",
               bits == TOOL_DOCTOR ? "" : " of doctor");
    return TOOL_GOOD;
}

static tool_t *create(apr_pool_t *pool)
{
    tool_t *tool = apr_pcalloc(pool, sizeof(*tool));

    tool->pool = pool;
    tool->now.wall = apr_time_sec(apr_time_now());
    tool->now.tick = bearer_clock_tick();
    tool->issuers[0] = &tool->issuer;
    tool->issuer.source = &tool->source;
    tool->policy.issuers = tool->issuers;
    tool->policy.leeway = LEEWAY;
    tool->source.timeout = TIMEOUT;
    tool->source.connect = CONNECT;
    tool->source.max_body = MAX_BODY;
    tool->source.schedule.refresh = REFRESH;
    return tool;
}

/* the exit status if a command could not do its work */
static int unable = TOOL_UNDECIDED;

static int run(int count, const char *const *words, apr_pool_t *pool)
{
    tool_t *tool = create(pool);
    const char *command = count > 1 ? words[1] : "";
    const char *const *others;
    size_t i;

    if (!strcmp(command, "--help") || !strcmp(command, "help")
        || !strcmp(command, "-h"))
        return print_help(TOOL_ALL);
    if (!strcmp(command, "--version")) {
        printf("authbearer %s\n", AUTHBEARER_VERSION);
        return TOOL_GOOD;
    }
    for (i = 0; i < COMMANDS; i++) {
        if (strcmp(command, commands[i].name))
            continue;
        unable = commands[i].bit == TOOL_DOCTOR ? (int)DOCTOR_UNSEEN
                                                : (int)TOOL_UNDECIDED;
        others = tool_options_read(tool, commands[i].bit, count - 2, words + 2);
        if (!others)
            return unable;
        return tool->help ? print_help(commands[i].bit)
                          : commands[i].run(tool, others);
    }
    return tool_complain("the first word must be verify, keys, explain, "
                         "config or doctor; see --help");
}

/* otherwise APR's pools would go on with NULL, since what they return is never
 * checked */
static int end_without_memory(int retcode BEARER_UNUSED)
{
    (void)fputs("authbearer: memory ran out\n", stderr);
    _exit(unable);
}

int main(int argc, const char *const *argv, const char *const *env)
{
    apr_pool_t *pool;
    int status;

    if (apr_app_initialize(&argc, &argv, &env) != APR_SUCCESS
        || apr_pool_create_ex(&pool, NULL, end_without_memory, NULL)
               != APR_SUCCESS)
        return end_without_memory(APR_ENOMEM);
    bearer_jws_seed();
    status = run(argc, argv, pool);
    /* a full disk or a closed pipe is no verdict */
    if (fflush(stdout) != 0 || ferror(stdout))
        status = unable;
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
