/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/targets.h"

#include <string.h>

#include <apr_lib.h>

/* Names that mean something to the programs inside: NAME* is all that begin so,
 * *NAME all that end so. A family includes what its next version will read. If a
 * program reads a variable of another name, only its administrator knows. Control
 * variables of httpd have small letters, and so are no names of ours. */
/* clang-format off */
static const char *const reserved[] = {
    /* CGI, and what httpd's modules and other gateways set */
    "AJP_*", "AUTHENTICATE_*", "AUTHORIZE_*", "AUTH_PASSWORD", "AUTH_TYPE",
    "AUTH_USER", "CGI*", "CONTENT*", "CONTEXT_*", "DATE_GMT", "DATE_LOCAL",
    "DOCUMENT_*", "FCGI_*", "GATEWAY_*", "HANDLER", "HTTPS", "HTTP_*",
    "IS_SUBREQ", "JK_*", "LAST_MODIFIED", "MOD_*", "ORIG_*", "PATH*",
    "PROXY*", "QUERY_STRING*", "REDIRECT*", "REMOTE*", "REQUEST*", "SCGI*",
    "SCRIPT*", "SERVER*", "SSL*", "THE_REQUEST", "TLS_*", "UNIQUE_ID",
    "USER_NAME", "UWSGI*", "WSGI*", "*_PROXY",
    /* the loader and the C library */
    "ASAN_*", "DYLD_*", "GCONV*", "GCOV*", "GETCONF*", "GLIBC*", "GMON*",
    "HOSTALIASES", "LANG", "LANGUAGE", "LC_*", "LD_*", "LIBC_*", "LOCALDOMAIN",
    "LOCPATH", "LSAN_*", "MALLOC*", "MSAN_*", "NIS_PATH", "NLSPATH",
    "RESOLV_*", "RES_*", "TERM*", "TSAN_*", "TZ*", "UBSAN_*", "_*",
    /* shells and what every program looks at */
    "BASH*", "BROWSER", "CDPATH", "DISPLAY", "EDITOR", "ENV", "EXINIT", "FCEDIT",
    "FPATH", "GLOBIGNORE", "HIST*", "HOME*", "HOST", "HOSTNAME", "IFS",
    "INPUTRC", "KSH*", "LESS*", "LOGNAME", "MAILCHECK", "MAILPATH", "MAKE*",
    "MAN*", "OLDPWD", "OPTARG", "OPTIND", "PAGER", "POSIX*", "PROMPT_*", "PS1",
    "PS2", "PS3", "PS4", "PWD", "SHELL*", "SHLVL", "TEMP", "TMP*", "USER",
    "VISUAL", "XAUTHORITY", "XDG_*", "ZDOTDIR", "ZSH*",
    /* interpreters and what runs programs written in them */
    "ASPNET*", "BUNDLE*", "BUN_*", "CATALINA_*", "CLASSPATH", "COMPLUS_*",
    "CONDA*", "CORECLR_*", "COR_*", "DENO_*", "DJANGO*", "DOTNET*", "ELIXIR_*",
    "ERL_*", "FLASK_*", "GEM_*", "GHC*", "GODEBUG", "GOENV", "GOFLAGS", "GOGC",
    "GOMAXPROCS", "GOMEMLIMIT", "GOPATH", "GOROOT", "GOTRACEBACK", "GUILE*",
    "GUNICORN*", "JAVA*", "JBOSS_*", "JDK_*", "JRE_*", "JVM_*", "LUA*",
    "MAVEN_*", "MONO_*", "NODE*", "NPM_*", "OCAML*", "PASSENGER_*", "PERL*",
    "PHP*", "PIP_*", "PYTHON*", "QUARKUS_*", "RACK_*", "RAILS_*", "RUBY*",
    "RUST*", "R_*", "SPRING_*", "SYMFONY*", "TCL*", "TK_*", "TOMCAT_*",
    "VIRTUAL_ENV*", "WERKZEUG_*", "YARN_*",
    /* libraries, and programs that programs start */
    "AWS_*", "AZURE_*", "CURL*", "CVS*", "DBUS_*", "DOCKER*", "GCP_*", "GIO_*",
    "GIT*", "GNUPG*", "GNUTLS*", "GOOGLE_*", "GPG*", "GSS*", "GST_*", "GS_*",
    "GTK*", "G_*", "HG*", "JOURNAL_*", "KRB5*", "KUBE*", "LDAP*", "LISTEN_*",
    "MAGICK_*", "MYSQL*", "NOTIFY_*", "NSS*", "ODBC*", "OPENSSL*", "ORACLE_*",
    "PG*", "QT_*", "RANDFILE", "RSYNC_*", "SASL_*", "SQL*", "SSH*", "SVN*",
    "SYSTEMD*", "SYSTEM_*", "TNS_*", "VAULT_*", "WGET*", "CA_BUNDLE",
    "*_CA_BUNDLE",
    /* httpd itself */
    "APACHE*", "APR_*", "HTTPD*", NULL};
/* clang-format on */

static bool fits(const char *name, const char *pattern)
{
    apr_size_t len = strlen(pattern);
    apr_size_t all = strlen(name);

    if (*pattern == '*')
        return all >= len - 1
               && strcmp(name + all - (len - 1), pattern + 1) == 0;
    if (pattern[len - 1] == '*')
        return strncmp(name, pattern, len - 1) == 0;
    return strcmp(name, pattern) == 0;
}

bool mab_targets_allow_variable(const char *name)
{
    apr_size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    int i;

    if (!*name || name[len] || apr_isdigit(*name))
        return false;
    for (i = 0; reserved[i]; i++) {
        if (fits(name, reserved[i]))
            return false;
    }
    return true;
}

/* what a program reads that others have installed is not for them to set */
bool mab_targets_allow_in_htaccess(const char *name)
{
    static const char *const prefixes[] = {"CLAIM_", "OIDC_CLAIM_",
                                           "OAUTH2_CLAIM_", NULL};
    int i;

    for (i = 0; prefixes[i]; i++) {
        apr_size_t len = strlen(prefixes[i]);

        if (strncmp(name, prefixes[i], len) == 0 && name[len])
            return mab_targets_allow_variable(name);
    }
    return false;
}

/* they frame the message, name hosts, carry credentials, say what is asked for and
 * on which condition, or become a variable that programs obey (Proxy: HTTP_PROXY) */
static const char *const reserved_headers[] = {"Host",
                                               "Authorization",
                                               "Proxy-Authorization",
                                               "Connection",
                                               "Keep-Alive",
                                               "Proxy-Connection",
                                               "TE",
                                               "Trailer",
                                               "Upgrade",
                                               "Expect",
                                               "Cookie",
                                               "Transfer-Encoding",
                                               "Range",
                                               "If",
                                               "Via",
                                               "Forwarded",
                                               "Proxy",
                                               "Destination",
                                               "Depth",
                                               "Overwrite",
                                               "Lock-Token",
                                               "Timeout",
                                               "Max-Forwards",
                                               "Set-Cookie",
                                               "Referer",
                                               "Origin",
                                               "X-Original-URL",
                                               "X-Rewrite-URL",
                                               "X-HTTP-Method",
                                               "X-HTTP-Method-Override",
                                               "Cache-Control",
                                               "X-Method-Override",
                                               "X-Forwarded-For",
                                               "X-Forwarded-Host",
                                               "X-Forwarded-Proto",
                                               "X-Forwarded-Port",
                                               "X-Forwarded-Server",
                                               "X-Forwarded-Prefix",
                                               "X-Forwarded-Scheme",
                                               "X-Forwarded-Ssl",
                                               "X-Forwarded-By",
                                               "X-Forwarded-Path",
                                               "X-Forwarded-Uri",
                                               "X-Forwarded-Method",
                                               "X-Forwarded-Protocol",
                                               NULL};
static const char *const reserved_families[] = {
    "Content-", "If-", "Accept-", "Sec-", "Access-Control-", NULL};

/* the same letter or digit, or neither of them is one */
static inline bool is_sign_alike(char a, char b)
{
    return apr_tolower(a) == apr_tolower(b)
           || (a && b && !apr_isalnum(a) && !apr_isalnum(b));
}

/* What is alike is removed from requests: "Content.Length" as a target would remove
 * the header that frames the message (request smuggling). */
static bool is_reserved(const char *header)
{
    int i;

    for (i = 0; reserved_headers[i]; i++) {
        if (mab_targets_alike(header, reserved_headers[i]))
            return true;
    }
    for (i = 0; reserved_families[i]; i++) {
        const char *family = reserved_families[i], *at = header;

        while (*family && is_sign_alike(*at, *family)) {
            at++;
            family++;
        }
        if (!*family)
            return true;
    }
    return false;
}

bool mab_targets_allow_header(const char *name)
{
    return !is_reserved(name);
}

bool mab_targets_allow_source(const char *name)
{
    return strcasecmp(name, "Authorization") == 0
           || strcasecmp(name, "Proxy-Authorization") == 0
           || !is_reserved(name);
}

bool mab_targets_alike(const char *a, const char *b)
{
    while (*a && (*a == *b || is_sign_alike(*a, *b))) {
        a++;
        b++;
    }
    return *a == *b;
}
