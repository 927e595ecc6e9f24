/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/url.h"

static void url_cuts_an_address(void **state)
{
    static const struct {
        const char *text, *host, *authority, *path;
        int port;
        bool tls;
    } cases[] = {
        {"https://example.org", "example.org", "example.org", "/", 443, true},
        {"https://example.org/", "example.org", "example.org", "/", 443, true},
        {"https://example.org/a/b?c=d&e", "example.org", "example.org",
         "/a/b?c=d&e", 443, true},
        {"https://example.org?c=d", "example.org", "example.org", "/?c=d", 443,
         true},
        {"https://example.org/?", "example.org", "example.org", "/?", 443,
         true},
        {"HTTPS://Example.ORG/Path", "example.org", "example.org", "/Path", 443,
         true},
        {"https://example.org:443/", "example.org", "example.org", "/", 443,
         true},
        {"https://example.org:80/", "example.org", "example.org:80", "/", 80,
         true},
        {"https://example.org:8443", "example.org", "example.org:8443", "/",
         8443, true},
        {"https://h:1/", "h", "h:1", "/", 1, true},
        {"https://h:65535/", "h", "h:65535", "/", 65535, true},
        {"https://192.0.2.1/", "192.0.2.1", "192.0.2.1", "/", 443, true},
        {"https://[2001:DB8::1]/x", "2001:db8::1", "[2001:db8::1]", "/x", 443,
         true},
        {"https://[2001:db8::1]:8443/", "2001:db8::1", "[2001:db8::1]:8443",
         "/", 8443, true},
        {"https://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1",
         "[::ffff:192.0.2.1]", "/", 443, true},
        {"https://a_b.example.org/", "a_b.example.org", "a_b.example.org", "/",
         443, true},
        {"https://xn--bcher-kva.example/", "xn--bcher-kva.example",
         "xn--bcher-kva.example", "/", 443, true},
        {"https://1.2.3.example/", "1.2.3.example", "1.2.3.example", "/", 443,
         true},
        {"https://h/a%20b/%E4@c:d;e=f,(g)!*'$+~", "h", "h",
         "/a%20b/%E4@c:d;e=f,(g)!*'$+~", 443, true},
        {"https://h/../a//b/./", "h", "h", "/../a//b/./", 443, true},
        {"http://127.0.0.1", "127.0.0.1", "127.0.0.1", "/", 80, false},
        {"http://127.0.0.1:80/", "127.0.0.1", "127.0.0.1", "/", 80, false},
        {"http://127.0.0.1:443/", "127.0.0.1", "127.0.0.1:443", "/", 443,
         false},
        {"http://127.255.0.9:8080/x", "127.255.0.9", "127.255.0.9:8080", "/x",
         8080, false},
        {"http://[::1]:8080/x", "::1", "[::1]:8080", "/x", 8080, false},
        {"hTTp://LocalHost/x", "localhost", "localhost", "/x", 80, false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].text;
        bearer_url_t url;

        unit_expect_reason(
            name, bearer_url_parse(name, true, &url, NULL, *state), "ok");
        unit_expect(name, strcmp(url.text, name) == 0);
        unit_expect(name, strcmp(url.host, cases[i].host) == 0);
        unit_expect(name, strcmp(url.authority, cases[i].authority) == 0);
        unit_expect(name, strcmp(url.path, cases[i].path) == 0);
        unit_expect(name, url.port == cases[i].port);
        unit_expect(name, url.tls == cases[i].tls);
        unit_expect_reason(name,
                           bearer_url_parse(name, false, &url, NULL, *state),
                           cases[i].tls ? "ok" : "url_scheme");
    }
}

static void url_refuses_odd_addresses(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {NULL, "url_form"},
        {"", "url_form"},
        {"example.org", "url_form"},
        {"accounts.google.com", "url_form"},
        {"/path", "url_form"},
        {"//example.org/", "url_form"},
        {"://example.org/", "url_form"},
        {"https", "url_form"},
        {"https:", "url_form"},
        {"https:/example.org/", "url_form"},
        {"https:example.org", "url_form"},
        {"1https://example.org/", "url_form"},
        {"+https://example.org/", "url_form"},
        {" https://example.org/", "url_form"},
        {"https://example.org/ ", "url_form"},
        {"https://exa mple.org/", "url_form"},
        {"https://example.org/a b", "url_form"},
        {"https://example.org/\t", "url_form"},
        {"https://example.org/\r\nHost: x", "url_form"},
        {"https://example.org/\x01", "url_form"},
        {"https://example.org/\x7f", "url_form"},
        {"https://example.org/\xc3\xa4", "url_form"},
        {"https://b\xc3\xbc"
         "cher.example/",
         "url_form"},
        {"https://example.org\\@evil.example/", "url_form"},
        {"https:\\\\example.org/", "url_form"},
        {"https://example.org/a\\b", "url_form"},
        {"https://example.org/{tenantid}", "url_form"},
        {"https://example.org/\"", "url_form"},
        {"https://example.org/<a>", "url_form"},
        {"https://example.org/a|b", "url_form"},
        {"https://example.org/a^b", "url_form"},
        {"https://example.org/a`b", "url_form"},
        {"https://example.org/%", "url_form"},
        {"https://example.org/%2", "url_form"},
        {"https://example.org/%2g", "url_form"},
        {"https://example.org/%20%zz", "url_form"},
        {"https:///path", "url_form"},
        {"https://", "url_form"},
        {"https://?q", "url_form"},
        {"https://:443/", "url_form"},
        {"https://exa%6Dple.org/", "url_form"},
        {"https://example.org%2F@evil/", "url_parts"},
        {"https://example.org%00.evil/", "url_form"},
        {"https://exa!mple.org/", "url_form"},
        {"https://a,b/", "url_form"},
        {"https://.example.org/", "url_form"},
        {"https://example.org./", "url_form"},
        {"https://example..org/", "url_form"},
        {"https://./", "url_form"},
        {"https://example.org:/", "url_form"},
        {"https://example.org:0/", "url_form"},
        {"https://example.org:00443/", "url_form"},
        {"https://example.org:65536/", "url_form"},
        {"https://example.org:65979/", "url_form"},
        {"https://example.org:4294967739/", "url_form"},
        {"https://example.org:18446744073709552059/", "url_form"},
        {"https://example.org:-1/", "url_form"},
        {"https://example.org:+443/", "url_form"},
        {"https://example.org:443x/", "url_form"},
        {"https://example.org:x/", "url_form"},
        {"https://example.org:443:443/", "url_form"},
        {"https://2130706433/", "url_form"},
        {"https://0x7f000001/", "url_form"},
        {"https://0X7F.1/", "url_form"},
        {"https://0x/", "url_form"},
        {"https://127.1/", "url_form"},
        {"https://127.0.1/", "url_form"},
        {"https://127.0.0.0x1/", "url_form"},
        {"https://0177.0.0.1/", "url_form"},
        {"https://127.0.0.01/", "url_form"},
        {"https://127.0.0.1.1/", "url_form"},
        {"https://256.0.0.1/", "url_form"},
        {"https://example.1/", "url_form"},
        {"https://2001:db8::1/", "url_form"},
        {"https://::1/", "url_form"},
        {"https://[]/", "url_form"},
        {"https://[::1/", "url_form"},
        {"https://::1]/", "url_form"},
        {"https://[::1]x/", "url_form"},
        {"https://[::1]:/", "url_form"},
        {"https://[::1]443/", "url_form"},
        {"https://[[::1]]/", "url_form"},
        {"https://x[::1]/", "url_form"},
        {"https://[fe80::1%25eth0]/", "url_form"},
        {"https://[127.0.0.1]/", "url_form"},
        {"https://[example.org]/", "url_form"},
        {"https://[::g]/", "url_form"},
        {"https://[1:2:3:4:5:6:7:8:9]/", "url_form"},
        {"https://[v1.x]/", "url_form"},
        {"ftp://example.org/", "url_scheme"},
        {"file:///etc/passwd", "url_scheme"},
        {"gopher://127.0.0.1/", "url_scheme"},
        {"httpss://example.org/", "url_scheme"},
        {"http+unix://example.org/", "url_scheme"},
        {"http://example.org/", "url_scheme"},
        {"http://10.0.0.1/", "url_scheme"},
        {"http://126.255.255.255/", "url_scheme"},
        {"http://128.0.0.0/", "url_scheme"},
        {"http://0.0.0.0/", "url_scheme"},
        {"http://127.example.org/", "url_scheme"},
        {"http://127.0.0.1.example.org/", "url_scheme"},
        {"http://localhost.example.org/", "url_scheme"},
        {"http://xlocalhost/", "url_scheme"},
        {"http://[::2]/", "url_scheme"},
        {"http://[::]/", "url_scheme"},
        {"http://[::ffff:127.0.0.1]/", "url_scheme"},
        {"http://127.1/", "url_form"},
        {"https://user@example.org/", "url_parts"},
        {"https://user:pass@example.org/", "url_parts"},
        {"https://@example.org/", "url_parts"},
        {"https://example.org:443@evil.example/", "url_parts"},
        {"https://a@b@example.org/", "url_parts"},
        {"http://127.0.0.1@example.org/", "url_parts"},
        {"https://example.org/#", "url_parts"},
        {"https://example.org/a#b", "url_parts"},
        {"https://example.org#@evil.example/", "url_parts"},
        {"https://example.org/?a#b", "url_parts"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].text ? cases[i].text : "NULL";
        bearer_url_t url = {"untouched", NULL, NULL, NULL, 0, false};
        bearer_note_t note = {""};

        unit_expect_reason(
            name, bearer_url_parse(cases[i].text, true, &url, &note, *state),
            cases[i].want);
        unit_expect(name, strcmp(url.text, "untouched") == 0);
        unit_expect(name, *note.text);
        unit_expect_reason(
            name, bearer_url_parse(cases[i].text, true, &url, NULL, *state),
            cases[i].want);
    }
}

static void url_refuses_http_where_it_is_off(void **state)
{
    static const char *const texts[] = {
        "http://127.0.0.1/",
        "http://localhost/",
        "http://example.org/",
        "http://user@127.0.0.1/",
    };
    bearer_url_t url;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        unit_expect_reason(
            texts[i], bearer_url_parse(texts[i], false, &url, NULL, *state),
            "url_scheme");
}

/* every byte that RFC 3986 does not know is refused, wherever it stands */
static void url_alphabet_is_that_of_rfc3986(void **state)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789"
                               "-._~:/?[]@!$&'()*+,;=";
    int c;

    for (c = 1; c < 256; c++) {
        const char *text = apr_psprintf(*state, "https://h/%c/", c);
        bearer_url_t url;
        const char *want = strchr(good, c) ? "ok" : "url_form";

        unit_expect_reason(text,
                           bearer_url_parse(text, false, &url, NULL, *state),
                           c == '#' ? "url_parts" : want);
    }
}

static void url_bounds_its_length(void **state)
{
    char text[BEARER_LIMIT_URL + 2];
    bearer_url_t url;

    memset(text, 'a', sizeof(text));
    memcpy(text, "https://h/", 10);
    text[BEARER_LIMIT_URL] = '\0';
    unit_expect_reason("limit",
                       bearer_url_parse(text, false, &url, NULL, *state), "ok");
    text[BEARER_LIMIT_URL] = 'a';
    text[BEARER_LIMIT_URL + 1] = '\0';
    unit_expect_reason("one more",
                       bearer_url_parse(text, false, &url, NULL, *state),
                       "url_form");
}

static void url_keeps_copies(void **state)
{
    char text[] = "https://example.org:8443/path";
    bearer_url_t url;

    unit_expect_reason(text, bearer_url_parse(text, false, &url, NULL, *state),
                       "ok");
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal(url.text, "https://example.org:8443/path");
    assert_string_equal(url.authority, "example.org:8443");
    assert_string_equal(url.path, "/path");
}

static void url_cuts_a_proxy(void **state)
{
    static const struct {
        const char *text, *want, *authority;
        int port;
    } cases[] = {
        {"http://proxy.example:3128", "ok", "proxy.example:3128", 3128},
        {"http://proxy.example:3128/", "ok", "proxy.example:3128", 3128},
        {"http://10.0.0.1", "ok", "10.0.0.1", 80},
        {"http://[2001:db8::1]:8080", "ok", "[2001:db8::1]:8080", 8080},
        {"https://proxy.example:3128", "url_scheme", NULL, 0},
        {"socks5://proxy.example:1080", "url_scheme", NULL, 0},
        {"proxy.example:3128", "url_form", NULL, 0},
        {"http://proxy.example:0", "url_form", NULL, 0},
        {"http://user:pass@proxy.example:3128", "url_parts", NULL, 0},
        {"http://proxy.example:3128/path", "url_parts", NULL, 0},
        {"http://proxy.example:3128?q", "url_parts", NULL, 0},
        {"http://proxy.example:3128#f", "url_parts", NULL, 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].text;
        bearer_url_t url = {NULL, NULL, NULL, NULL, 0, true};

        unit_expect_reason(name,
                           bearer_url_parse_proxy(name, &url, NULL, *state),
                           cases[i].want);
        unit_expect(name, url.tls == !cases[i].authority);
        if (!cases[i].authority)
            continue;
        unit_expect(name, strcmp(url.authority, cases[i].authority) == 0);
        unit_expect(name, url.port == cases[i].port);
    }
}

static void url_cuts_where_to_connect(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
        int port;
    } cases[] = {
        {"10.0.0.1:6443", "10.0.0.1", 6443},
        {"API.example:443", "api.example", 443},
        {"[::1]:8443", "::1", 8443},
        {"10.0.0.1", NULL, 0},
        {"10.0.0.1:", NULL, 0},
        {":443", NULL, 0},
        {"10.0.0.1:0", NULL, 0},
        {"10.0.0.1:65536", NULL, 0},
        {"10.0.0.1:44x", NULL, 0},
        {"::1:443", NULL, 0},
        {"a/b:443", NULL, 0},
        {"a/:443", NULL, 0},
        {"a?b:443", NULL, 0},
        {"a#b:443", NULL, 0},
        {"me@a:443", NULL, 0},
        {"https://a:443", NULL, 0},
        {"a b:443", NULL, 0},
        {"", NULL, 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};
        bearer_url_t url;

        unit_expect_reason(
            cases[i].text,
            bearer_url_parse_address(cases[i].text, &url, &note, *state),
            cases[i].host ? "ok" : "url_form");
        if (!cases[i].host)
            unit_expect(cases[i].text, !strcmp(note.text, "not host:port"));
        else
            unit_expect(cases[i].text, !strcmp(url.host, cases[i].host)
                                           && url.port == cases[i].port);
    }
}

static void url_compares_origins(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://a/x", "https://a:443/y?z", true},
        {"https://A/", "https://a/", true},
        {"https://a/", "https://a:444/", false},
        {"https://a/", "https://b/", false},
        {"https://a/", "https://a.b/", false},
        {"https://localhost/", "http://localhost:443/", false},
        {"http://127.0.0.1/", "http://localhost/", false},
        {"https://[::1]/", "https://[::1]:443/", true},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_url_t a, b;

        unit_expect_reason(cases[i].a,
                           bearer_url_parse(cases[i].a, true, &a, NULL, *state),
                           "ok");
        unit_expect_reason(cases[i].b,
                           bearer_url_parse(cases[i].b, true, &b, NULL, *state),
                           "ok");
        unit_expect(cases[i].a,
                    bearer_url_same_origin(&a, &b) == cases[i].same);
        unit_expect(cases[i].a, !cases[i].same
                                    || !strcmp(bearer_url_origin(&a, *state),
                                               bearer_url_origin(&b, *state)));
    }
}

static void url_finds_the_proxy(void **state)
{
    static const char DIRECT[] = "", TLS[] = "tls", PLAIN[] = "plain";
    static const struct {
        const char *text, *except, *want;
    } cases[] = {
        {"https://a.example/", NULL, TLS},
        {"http://127.0.0.1/", NULL, PLAIN},
        {"https://a.example/", "", TLS},
        {"https://a.example/", " ,, ", TLS},
        {"https://a.example/", "*", DIRECT},
        {"https://a.example/", "b.example", TLS},
        {"https://a.example/", "b.example,a.example", DIRECT},
        {"https://a.example/", "b.example a.example", DIRECT},
        {"https://a.example/", "A.Example", DIRECT},
        {"https://a.example/", "example", DIRECT},
        {"https://a.example/", ".example", DIRECT},
        {"https://a.example/", ".a.example", DIRECT},
        {"https://a.example/", ".", TLS},
        {"https://bada.example/", "a.example", TLS},
        {"https://bada.example/", ".a.example", TLS},
        {"https://a.example/", "x.a.example", TLS},
        {"https://a.example:8443/", "a.example", DIRECT},
        {"https://127.0.0.1:1/", "127.0.0.1", DIRECT},
        {"http://127.0.0.1:1/", "127.0.0.1", DIRECT},
        {"https://[::1]/", "::1", DIRECT},
        {"https://[::1]/", "[::1]", DIRECT},
        {"https://[::1]/", "[", TLS},
        {"https://[::1]/", "[]", TLS},
        {"https://10.0.0.1/", "10.0.0.0/8", TLS},
    };
    bearer_url_proxies_t proxies = {TLS, PLAIN, NULL};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got;
        bearer_url_t url;

        unit_expect_reason(
            cases[i].text,
            bearer_url_parse(cases[i].text, true, &url, NULL, *state), "ok");
        proxies.except = cases[i].except;
        got = bearer_url_find_proxy(&proxies, &url);
        unit_expect(cases[i].text, !strcmp(got ? got : DIRECT, cases[i].want));
    }
}

static void url_checks_issuers(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"https://example.org", "ok"},
        {"https://example.org/", "ok"},
        {"https://example.org/realms/a", "ok"},
        {"https://example.org/realms/a/", "ok"},
        {"https://Example.org:8443/x", "ok"},
        {"http://127.0.0.1:8080", "ok"},
        {"https://example.org?x", "url_parts"},
        {"https://example.org/?", "url_parts"},
        {"https://example.org/#x", "url_parts"},
        {"https://user@example.org/", "url_parts"},
        {"http://example.org/", "url_scheme"},
        {"urn:example:issuer", "url_form"},
        {"accounts.google.com", "url_form"},
        {"", "url_form"},
        {NULL, "url_form"},
    };
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect_reason(
            cases[i].text ? cases[i].text : "NULL",
            bearer_url_check_issuer(cases[i].text, true, &note, *state),
            cases[i].want);
    unit_expect_reason(
        "http is off",
        bearer_url_check_issuer("http://127.0.0.1", false, &note, *state),
        "url_scheme");
}

static void url_makes_metadata_addresses(void **state)
{
#define OPENID "/.well-known/openid-configuration"
#define OAUTH  "/.well-known/oauth-authorization-server"
    static const struct {
        const char *issuer, *want[BEARER_URL_METADATA_FORMS];
    } cases[] = {
        {"https://example.org",
         {"https://example.org" OPENID, "https://example.org" OAUTH, NULL}},
        {"https://example.org/",
         {"https://example.org" OPENID, "https://example.org" OAUTH, NULL}},
        {"https://example.org/realms/a",
         {"https://example.org/realms/a" OPENID,
          "https://example.org" OAUTH "/realms/a",
          "https://example.org" OPENID "/realms/a"}},
        {"https://example.org/realms/a/",
         {"https://example.org/realms/a" OPENID,
          "https://example.org" OAUTH "/realms/a",
          "https://example.org" OPENID "/realms/a"}},
        {"https://Example.org:8443/a",
         {"https://Example.org:8443/a" OPENID,
          "https://Example.org:8443" OAUTH "/a",
          "https://Example.org:8443" OPENID "/a"}},
        {"http://[::1]:80",
         {"http://[::1]:80" OPENID, "http://[::1]:80" OAUTH, NULL}},
        {"https://example.org//",
         {"https://example.org/" OPENID, "https://example.org" OAUTH "/",
          "https://example.org" OPENID "/"}},
    };
    apr_size_t i;
    int form;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].issuer;

        for (form = 0; form < BEARER_URL_METADATA_FORMS; form++) {
            const char *got = bearer_url_metadata(name, form, *state);
            const char *want = cases[i].want[form];

            unit_expect(name, !got == !want);
            unit_expect(name, !got || strcmp(got, want) == 0);
        }
        unit_expect(name, !bearer_url_metadata(name, form, *state));
        unit_expect(name, !bearer_url_metadata(name, -1, *state));
    }
}

static void url_knows_the_loopback(void **state)
{
    static const struct {
        const char *host;
        bool want;
    } cases[] = {
        {"127.0.0.1", true},
        {"127.0.0.0", true},
        {"127.255.255.255", true},
        {"::1", true},
        {"localhost", true},
        {"LOCALHOST", true},
        {"126.255.255.255", false},
        {"128.0.0.1", false},
        {"0.0.0.0", false},
        {"1.0.0.127", false},
        {"127.1", false},
        {"127.0.0.01", false},
        {"127.0.0.1.", false},
        {"127.0.0.1.example", false},
        {"127", false},
        {"2130706433", false},
        {"::", false},
        {"[::1]", true},
        {"::2", false},
        {"::ffff:127.0.0.1", false},
        {"localhost.", false},
        {"localhost.localdomain", false},
        {"", false},
        {"example.org", false},
    };
    bearer_url_t url;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *host = cases[i].host;
        bool bare = strchr(host, ':') && *host != '[';
        const char *rest =
            apr_psprintf(*state, bare ? "://[%s]/" : "://%s/", host);
        const char *http = apr_pstrcat(*state, "http", rest, NULL);
        const char *https = apr_pstrcat(*state, "https", rest, NULL);
        bearer_reason_t why = bearer_url_parse(http, true, &url, NULL, *state);

        unit_expect(host, !why == cases[i].want);
        /* what only this stands in the way of */
        if (why && !bearer_url_parse(https, true, &url, NULL, *state))
            unit_expect_reason(host, why, "url_scheme");
    }
}

/* RFC 3986 6.2.2.1: scheme and host have no case, and nothing else is forgiven */
static void url_same_but_for_the_case_of_its_host(void **state BEARER_UNUSED)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://api.example/mcp", "https://api.example/mcp", true},
        {"https://api.example/mcp", "HTTPS://API.Example/mcp", true},
        {"https://api.example", "https://API.EXAMPLE", true},
        {"https://api.example:8443/x?y", "https://API.example:8443/x?y", true},
        {"https://[2001:db8::a]/", "https://[2001:DB8::A]/", true},
        {"https://api.example/mcp", "https://api.example/MCP", false},
        {"https://api.example/mcp?a", "https://api.example/mcp?A", false},
        {"https://api.example#a", "https://api.example#A", false},
        {"https://api.example?a", "https://api.example?A", false},
        {"https://api.example", "https://api.example/", false},
        {"https://api.example/mcp", "https://api.example/mcp/", false},
        {"https://api.example/mcp", "http://api.example/mcp", false},
        {"https://api.example/mcp", "https://api.example:443/mcp", false},
        {"https://api.example/mcp", "https://api.exampl/e/mcp", false},
        {"https://api.example/%7e", "https://api.example/%7E", false},
        /* the host begins after the name of the user */
        {"https://api@evil/x", "https://API@evil/x", false},
        {"https://api.example/@A", "https://api.example/@a", false},
        /* nothing but ASCII has a case: K is the sign for kelvin */
        {"https://k.example/", "https://\xe2\x84\xaa.example/", false},
        {"urn:a", "urn:a", true},
        {"urn:a", "URN:a", false},
        {"my-api", "my-API", false},
        {"://A", "://a", false},
        {"", "", true},
        {"https://", "HTTPS://", true},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t a = unit_str(cases[i].a), b = unit_str(cases[i].b);

        unit_expect(cases[i].b, bearer_url_same(a, b) == cases[i].same);
        unit_expect(cases[i].b, bearer_url_same(b, a) == cases[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(url_cuts_an_address),
        unit_row(url_refuses_odd_addresses),
        unit_row(url_refuses_http_where_it_is_off),
        unit_row(url_alphabet_is_that_of_rfc3986),
        unit_row(url_bounds_its_length),
        unit_row(url_keeps_copies),
        unit_row(url_cuts_a_proxy),
        unit_row(url_cuts_where_to_connect),
        unit_row(url_compares_origins),
        unit_row(url_finds_the_proxy),
        unit_row(url_checks_issuers),
        unit_row(url_makes_metadata_addresses),
        unit_row(url_knows_the_loopback),
        unit_row(url_same_but_for_the_case_of_its_host),
    };

    return unit_run(tests);
}
