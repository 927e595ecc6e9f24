#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A CGI program as people wrote them in 1998: it has never heard of tokens and
# looks at REMOTE_USER only.
print "Content-Type: text/plain\r\n\r\n";
for my $name (qw(REMOTE_USER AUTH_TYPE TOKEN_EMAIL TOKEN_GROUPS)) {
    printf "%-12s = %s\n", $name, defined $ENV{$name} ? $ENV{$name} : "(not set)";
}
