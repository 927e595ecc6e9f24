# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests stand on.

env       the life of one private httpd, and a client that sends exact bytes
conf      builds its configuration
issuer    an HTTPS issuer in a thread that can rotate, stall, lie and grow
mint      tokens made by another JOSE implementation than the one under test
proxy     a CONNECT proxy in a thread
world     names and clocks of one httpd, by a library that is preloaded
errorlog  reads the error log, and trips on what a test did not announce
"""
